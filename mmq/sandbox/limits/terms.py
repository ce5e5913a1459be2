"""What an account may spend on a model, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["sliding", "fixed"]


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` in `seconds`: in any such span (sliding), or in each one counted from the epoch (fixed)."""

    limit: int
    seconds: float = 60.0
    kind: Kind = "sliding"

    def __post_init__(self) -> None:
        if self.limit < 0 or self.seconds <= 0:
            raise ValueError(f"a window of {self.limit} in {self.seconds} s is none")
        if self.kind not in ("sliding", "fixed"):
            raise ValueError(f"window kind {self.kind!r} is neither 'sliding' nor 'fixed'")


@dataclass(frozen=True, slots=True)
class Growth:
    """How fast the rate may rise (2045): in the last `seconds` at most `floor` requests, or `factor` times those of the
    `seconds` before, whichever is more. Both spans slide.
    """

    factor: float = 2.0
    seconds: float = 10.0
    floor: int = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything one (account, model) is held to; what is not named is not limited.

    Tokens are prompt and answer together, all charged as the call is admitted, so the limit is never overshot.
    """

    requests: tuple[Window, ...] = ()
    tokens: tuple[Window, ...] = ()
    concurrency: int | None = None
    growth: Growth | None = None

    @classmethod
    def of(
        cls,
        *,
        rpm: int | None = None,
        rps: int | None = None,
        tpm: int | None = None,
        concurrency: int | None = None,
        window: Kind = "sliding",
        growth: Growth | None = None,
    ) -> Limits:
        """Build limits from plain numbers: requests a minute and a second, tokens a minute, calls at once."""
        requests = [Window(n, s, window) for n, s in ((rpm, 60.0), (rps, 1.0)) if n is not None]
        tokens = () if tpm is None else (Window(tpm, 60.0, window),)
        return cls(tuple(requests), tokens, concurrency, growth)


@dataclass(frozen=True, slots=True)
class Rule:
    """Limits for an account and a model; None stands for every one. Of the rules that fit, the last one holds."""

    limits: Limits
    account: str | None = None
    model: str | None = None

    def fits(self, account: str, model: str) -> bool:
        """Whether this rule speaks about that account and model."""
        return self.account in (None, account) and self.model in (None, model)
