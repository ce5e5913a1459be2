"""One account's spending on one model, held to its limits."""

from __future__ import annotations

from dataclasses import replace

from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.limits.meter import Meter
from mmq.sandbox.limits.terms import Growth, Limits, Window


class Budget:
    """Admits calls or refuses them: 1002 request rate, 1039 token rate, 1041 calls at once, 2045 growth of the rate."""

    def __init__(self, limits: Limits) -> None:
        self.in_flight = 0
        self.max_in_flight = 0
        self._requests: list[Meter] = []
        self._tokens: list[Meter] = []
        self._growth: tuple[Meter, Meter] | None = None
        self.limits = Limits()
        self.change(limits)

    def change(self, limits: Limits) -> None:
        """Apply other limits from now on. A window of the same length and kind keeps what it has counted."""
        self._requests = [_kept(self._requests, window) for window in limits.requests]
        self._tokens = [_kept(self._tokens, window) for window in limits.tokens]
        if limits.growth != self.limits.growth:
            self._growth = _growth_meters(limits.growth)
        self.limits = limits

    def admit(self, now: float, tokens: int) -> None:
        """Take one call of so many tokens in, or raise Refused and count nothing. Pair with `release`."""
        for code, wait_s in self._waits(now, tokens):
            if wait_s > 0:
                raise Refused(code, wait_s=wait_s)
        for meter in (*self._requests, *(self._growth or ())):
            meter.spend(now, 1)
        for meter in self._tokens:
            meter.spend(now, tokens)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def release(self) -> None:
        """The call has ended, well or badly."""
        self.in_flight -= 1

    def used(self, now: float) -> dict[str, list[int]]:
        """Return what each window has seen: `{"requests": [int, ...], "tokens": [int, ...]}`."""
        return {
            "requests": [meter.used(now) for meter in self._requests],
            "tokens": [meter.used(now) for meter in self._tokens],
        }

    def _waits(self, now: float, tokens: int) -> list[tuple[int, float]]:
        full = self.limits.concurrency is not None and self.in_flight >= self.limits.concurrency
        return [
            *((1002, meter.wait_s(now, 1)) for meter in self._requests),
            (2045, self._growth_wait_s(now)),
            # Nobody can say when a call ends; a second is as good as any.
            (1041, 1.0 if full else 0.0),
            *((1039, meter.wait_s(now, tokens)) for meter in self._tokens),
        ]

    def _growth_wait_s(self, now: float) -> float:
        growth = self.limits.growth
        if growth is None or self._growth is None:
            return 0.0
        recent, both = (meter.used(now) for meter in self._growth)
        allowed = max(growth.floor, growth.factor * (both - recent))
        return growth.seconds if recent + 1 > allowed else 0.0


def _kept(meters: list[Meter], window: Window) -> Meter:
    for meter in meters:
        if replace(meter.window, limit=window.limit) == window:
            meter.window = window
            return meter
    return Meter(window)


def _growth_meters(growth: Growth | None) -> tuple[Meter, Meter] | None:
    if growth is None:
        return None
    return Meter(Window(0, growth.seconds)), Meter(Window(0, 2 * growth.seconds))
