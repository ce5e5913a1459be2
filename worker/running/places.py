"""The places among a worker's calls in flight, and who stands in line for one.

A worker claims somewhat ahead of its places: a job that was claimed and begun while others were called takes the next
place at once, which else stood empty for the time of two commits.
"""

from __future__ import annotations

import asyncio

from worker.running.holding import Holding

AHEAD_S = 0.05  # of work, at the present rate: two commits and what gathers for them

Line = dict[Holding, asyncio.Future[None]]


class Places:
    """So many calls may be in flight, and of urgent ones a `reserve` beyond."""

    def __init__(self, calls: int, reserve: int) -> None:
        self.calls = calls
        self.reserve = reserve
        self._taken: set[Holding] = set()
        self._urgent: Line = {}
        self._others: Line = {}

    @property
    def waiting(self) -> int:
        """How many that are not urgent stand in line."""
        return len(self._others)

    async def take(self, holding: Holding, *, urgent: bool) -> bool:
        """Return when the job has a place, which it keeps until it leaves, over several attempts. False: it had it."""
        if holding in self._taken:
            return False
        line, most = (self._urgent, self.calls + self.reserve) if urgent else (self._others, self.calls)
        line[holding] = turn = asyncio.get_running_loop().create_future()
        self._let_in(line, most)
        try:
            await turn
        finally:
            line.pop(holding, None)
        return True

    def leave(self, holding: Holding) -> None:
        """Give a job's place to the next in line. Harmless when it has none."""
        self._taken.discard(holding)
        self._let_in(self._urgent, self.calls + self.reserve)
        self._let_in(self._others, self.calls)

    def _let_in(self, line: Line, most: int) -> None:
        while line and len(self._taken) < most:
            first = next(iter(line))
            turn = line.pop(first)
            if not turn.done():  # it may have been cancelled a moment ago
                self._taken.add(first)
                turn.set_result(None)
