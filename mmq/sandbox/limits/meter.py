"""How much was spent within a window."""

from __future__ import annotations

import math
from collections import deque

from mmq.sandbox.limits.terms import Window


class Meter:
    """Counts spending in one window, exactly. Times are seconds since the epoch and must not go back."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._spent: deque[tuple[float, int]] = deque()
        self._used = 0

    def used(self, now: float) -> int:
        """Return what the window that holds `now` has seen."""
        start = self._start(now)
        while self._spent and self._spent[0][0] <= start:
            self._used -= self._spent.popleft()[1]
        return self._used

    def wait_s(self, now: float, amount: int) -> float:
        """Return how long until `amount` fits: 0 if it does now, one window if it never will."""
        excess = self.used(now) + amount - self.window.limit
        if excess <= 0:
            return 0.0
        for at, spent in self._spent:
            excess -= spent
            if excess <= 0:
                return max(self._leaves(at) - now, 0.0) or 1e-6
        return self.window.seconds

    def spend(self, now: float, amount: int) -> None:
        """Count `amount` at `now`."""
        self._spent.append((now, amount))
        self._used += amount

    def _start(self, now: float) -> float:
        if self.window.kind == "sliding":
            return now - self.window.seconds
        # Just below the boundary, so that what is spent exactly on it counts in the new window.
        return math.nextafter(now // self.window.seconds * self.window.seconds, -math.inf)

    def _leaves(self, at: float) -> float:
        seconds = self.window.seconds
        return at + seconds if self.window.kind == "sliding" else (at // seconds + 1) * seconds
