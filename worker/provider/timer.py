"""The one timer of a call, which a process that did not run cannot set off."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

FROZEN_S = 1.0  # a timer that rings so late rings in a process that did not run: stopped, or asleep with its machine
GRACE_S = 2.0  # to read what had come meanwhile


class Timer:
    """`async with Timer(until) as timer:` raises TimeoutError at `until` of the running loop's clock.

    Unlike `asyncio.timeout_at`, it first lets a process that wakes from a freeze read what lies in its sockets: the
    answer may have come in time, and asking again would pay for it twice.
    """

    def __init__(self, until: float) -> None:
        self._until = until
        self._loop = asyncio.get_running_loop()
        self._timeout = asyncio.timeout(None)
        self._due = self._rings_at = 0.0
        self._bell: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self.reschedule(self._until)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._silence()
        await self._timeout.__aexit__(kind, error, trace)

    def reschedule(self, until: float) -> None:
        """Move it."""
        self._due = max(until, self._loop.time())  # one that has run out already is not late
        # A bell that rings too soon sets the next one: a stream moves its timer with every word.
        if self._bell is None or self._due < self._rings_at:
            self._silence()
            self._set(self._due)

    def expired(self) -> bool:
        """Return whether it has run out."""
        return self._timeout.expired()

    def _set(self, moment: float) -> None:
        self._rings_at = moment
        self._bell = self._loop.call_at(moment, self._ring)

    def _ring(self) -> None:
        now = self._loop.time()
        if now < self._due:
            self._set(self._due)
        elif now - self._rings_at > FROZEN_S:
            self._set(now + GRACE_S)
        else:
            self._timeout.reschedule(now)

    def _silence(self) -> None:
        if self._bell is not None:
            self._bell.cancel()
            self._bell = None
