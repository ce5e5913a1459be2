"""The time limits of one call, enforced by one timer that is moved as the call goes on."""

from __future__ import annotations

from collections.abc import Callable

from worker.provider.account import Timeouts

TAIL_SECONDS = 3.0  #: how long to wait for usage after an answer's last word; some MiniMax streams never end


class Watch:
    """Says until when to wait next, and after the event what had run out.

    `idle` counts from read to read, so that a `: ping` keeps a call alive; `total` holds whatever comes.
    """

    def __init__(self, timeouts: Timeouts, clock: Callable[[], float]) -> None:
        self._timeouts = timeouts
        self._clock = clock
        self._start = clock()
        self.cause = "total_timeout"  #: what the last limit asked for is called when it runs out

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self._clock() - self._start

    def first_byte(self) -> float:
        """Return the clock's time by which the body must have begun."""
        return self._sooner(self._timeouts.first_byte, "first_byte_timeout")

    def idle(self) -> float:
        """Return the clock's time by which the next read must bring something."""
        return self._sooner(self._timeouts.idle, "idle_timeout")

    def tail(self) -> float:
        """Return the clock's time by which the stream of a finished answer must end."""
        return self._sooner(min(TAIL_SECONDS, self._timeouts.idle), "idle_timeout")

    def _sooner(self, seconds: float, cause: str) -> float:
        until, end = self._clock() + seconds, self._start + self._timeouts.total
        self.cause = cause if until < end else "total_timeout"
        return min(until, end)
