"""How fast jobs end, and when the last one will have."""

from __future__ import annotations

from collections import deque

WINDOW_S = 60.0  # of the rate: a minute, as limits are counted


class Pace:
    """The rate over the last minute, from looks at how many have ended."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque()

    def see(self, now: float, ended: int) -> None:
        """Take note of how many have ended by `now`, in seconds of any steady clock."""
        self._looks.append((now, ended))
        while len(self._looks) > 2 and now - self._looks[1][0] >= WINDOW_S:
            self._looks.popleft()

    @property
    def per_minute(self) -> float:
        """Jobs a minute; 0 until the second look."""
        if len(self._looks) < 2:
            return 0.0
        (first, before), (last, after) = self._looks[0], self._looks[-1]
        return (after - before) / (last - first) * 60 if last > first else 0.0

    def seconds_for(self, count: int) -> float | None:
        """Return how long so many more will take at this pace; None if nothing moves."""
        return count / self.per_minute * 60 if self.per_minute > 0 else None
