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
        self._due = 0.0
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
        self._silence()
        self._due = max(until, self._loop.time())  # one that has run out already is not late
        self._bell = self._loop.call_at(self._due, self._ring)

    def expired(self) -> bool:
        """Return whether it has run out."""
        return self._timeout.expired()

    def _ring(self) -> None:
        if self._loop.time() - self._due > FROZEN_S:
            self._bell = self._loop.call_later(GRACE_S, self._run_out)
        else:
            self._run_out()

    def _run_out(self) -> None:
        self._timeout.reschedule(self._loop.time())

    def _silence(self) -> None:
        if self._bell is not None:
            self._bell.cancel()
            self._bell = None
