"""The clock of Redis, as one process may know it."""

from __future__ import annotations


class RedisClock:
    """Turns moments of Redis, in microseconds, into those of the event loop, in seconds.

    A script that told its time ran after it was sent and before its answer was here: each answer so bounds what lies
    between the two clocks, and the figure kept is moved only as far as the bounds compel. The quickest answers count
    therefore, clocks may drift or be set, and calls are as even as the clock of Redis: a slow answer delays none.
    """

    def __init__(self) -> None:
        self._between = float("inf")  # loop time less Redis time, in seconds

    def heard(self, redis_us: int, sent: float, received: float) -> None:
        """Take note of an answer; `sent` and `received` are loop time."""
        told = redis_us / 1e6
        self._between = min(max(self._between, sent - told), received - told)

    def loop_time(self, redis_us: int) -> float:
        """Return a moment of Redis in loop time. Only after an answer was heard."""
        return redis_us / 1e6 + self._between
