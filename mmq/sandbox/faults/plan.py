"""Which behaviours a call gets: those always on, those its prompt asks for, and those chance deals out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from mmq.sandbox.contract.call import Call
from mmq.sandbox.faults.marker import Marker, markers
from mmq.sandbox.faults.registry import FAULTS, QUIRKS


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one call. `fault` None and `code` None is a good answer; a `code` alone is a plain refusal."""

    fault: str | None = None
    code: int | None = None
    quirks: frozenset[str] = frozenset()

    @property
    def good(self) -> bool:
        """Whether a careful client gets the answer."""
        return self.fault is None and self.code is None

    @property
    def outcome(self) -> str:
        """The word the log has for it: `ok`, a fault's name, or a code."""
        return self.fault or (str(self.code) if self.code is not None else "ok")


class Planner:
    """Deals out behaviours. Chance depends on the seed, the prompt and how often it was asked, not on the order of
    arrival, so a run with the same seed meets the same faults however its calls interleave.
    """

    def __init__(self, seed: int, rates: Mapping[str, float], quirks: frozenset[str]) -> None:
        self._seed = seed
        self._rates = tuple(rates.items())
        self._quirks = quirks
        self._struck: Counter[str] = Counter()

    def quirks(self, call: Call) -> frozenset[str]:
        """Return the quirks this call has whatever chance says."""
        return self._quirks.union(m.name for m in _markers(call) if m.name in QUIRKS)

    def plan(self, call: Call, nth: int) -> Plan:
        """Return what happens to the `nth` call (from 1) for its prompt. A marker's count is used up by this."""
        quirks = self.quirks(call)
        faults = [marker for marker in _markers(call) if marker.name not in QUIRKS]
        struck = self._struck[call.digest] if faults else 0
        for marker in faults:
            if marker.times is None or struck < marker.times:
                self._struck[call.digest] += 1
                return _plan(marker.name, marker.code, quirks)
            struck -= marker.times
        name = self._by_chance(call.digest, nth)
        return _plan(name, None, quirks)

    def draw(self, digest: str, nth: int, purpose: str) -> float:
        """Return a number in [0, 1) that the seed, the prompt, the call and the purpose decide."""
        raw = blake2b(f"{self._seed}:{digest}:{nth}:{purpose}".encode(), digest_size=8).digest()
        return int.from_bytes(raw) / 2**64

    def _by_chance(self, digest: str, nth: int) -> str:
        if not self._rates:
            return ""
        drawn = self.draw(digest, nth, "fault")
        for name, rate in self._rates:
            drawn -= rate
            if drawn < 0:
                return name
        return ""


def _markers(call: Call) -> list[Marker]:
    return markers(text for _, text in call.turns if "[[mmq:" in text)


def _plan(name: str, code: int | None, quirks: frozenset[str]) -> Plan:
    if name.isdecimal():
        return Plan(None, int(name), quirks)
    if name in FAULTS:
        return Plan(name, code or FAULTS[name].code, quirks)
    return Plan(quirks=quirks | {name} if name else quirks)
