"""What a sandbox is told when it starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mmq.sandbox.faults.registry import QUIRKS, complaint
from mmq.sandbox.limits.terms import Growth, Kind, Limits, Rule
from mmq.sandbox.reply.answer import Length

SANDBOX_KEY = "sandbox-key"
SANDBOX_GROUP = "1000000001"
_NO_RATES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """One sandbox. Times in seconds.

    `keys` are `(key, group_id)`; keys of one group share its limits. `latency_s` is the time to the first byte, spread
    by `latency_jitter` (0.2: from 0.8 to 1.2 times it). `tokens_per_second` paces streams; None sends at once.
    `faults` gives each code, fault or quirk of `faults.registry` its probability, `quirks` names those always on.
    `log_size` is how many calls the log remembers; counts are kept for ever, about 0.2 kB a distinct prompt.

    Raises:
        ValueError: naming every setting that is wrong.
    """

    host: str = "127.0.0.1"
    port: int = 0
    keys: tuple[tuple[str, str], ...] = field(default=((SANDBOX_KEY, SANDBOX_GROUP),), repr=False)
    rules: tuple[Rule, ...] = ()
    latency_s: float = 0.0
    latency_jitter: float = 0.0
    tokens_per_second: float | None = None
    length: Length = field(default_factory=Length)
    faults: Mapping[str, float] = field(default_factory=lambda: _NO_RATES)
    quirks: frozenset[str] = frozenset()
    seed: int = 0
    slow_s: float = 2.0
    huge_bytes: int = 5_000_000
    log_size: int = 20_000

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ValueError("; ".join(problems))

    @classmethod
    def of(
        cls,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        keys: Iterable[tuple[str, str]] = ((SANDBOX_KEY, SANDBOX_GROUP),),
        rpm: int | None = None,
        rps: int | None = None,
        tpm: int | None = None,
        concurrency: int | None = None,
        window: Kind = "sliding",
        growth: Growth | None = None,
        latency_ms: float = 0.0,
        latency_jitter: float = 0.0,
        tokens_per_second: float | None = None,
        words: tuple[int, int] = (8, 24),
        reasoning_words: int = 6,
        faults: Mapping[str, float] = _NO_RATES,
        quirks: Iterable[str] = (),
        seed: int = 0,
        log_size: int = 20_000,
    ) -> SandboxConfig:
        """Build a configuration from plain values; the limits hold for every account and model alike."""
        limits = Limits.of(rpm=rpm, rps=rps, tpm=tpm, concurrency=concurrency, window=window, growth=growth)
        return cls(
            host=host,
            port=port,
            keys=tuple(keys),
            rules=(Rule(limits),),
            latency_s=latency_ms / 1000,
            latency_jitter=latency_jitter,
            tokens_per_second=tokens_per_second,
            length=Length(*words, reasoning_words),
            faults=dict(faults),
            quirks=frozenset(quirks),
            seed=seed,
            log_size=log_size,
        )

    def _problems(self) -> Iterable[str]:
        yield from (problem for name in self.faults if (problem := complaint(name)))
        yield from (f"{name!r} is no quirk, it cannot be always on" for name in self.quirks - QUIRKS.keys())
        if not self.keys:
            yield "a sandbox without keys answers nobody"
        if not 0 <= sum(self.faults.values()) <= 1 or min(self.faults.values(), default=0) < 0:
            yield f"fault rates must be in [0, 1] and so must their sum, {sum(self.faults.values())}"
        if self.latency_s < 0 or not 0 <= self.latency_jitter <= 1:
            yield f"latency {self.latency_s} s with jitter {self.latency_jitter}: jitter must be in [0, 1]"
        if self.tokens_per_second is not None and self.tokens_per_second <= 0:
            yield f"{self.tokens_per_second} tokens per second never end"
        if not 0 <= self.length.least <= self.length.most or self.length.reasoning < 0:
            yield f"answers of {self.length.least} to {self.length.most} words cannot be"
