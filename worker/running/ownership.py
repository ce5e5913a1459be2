"""Whether a job is still ours, just before its call is sent.

The attempt's row is written for a job that was ours then. Frozen since, by a signal or with its machine, this process
may have been taken for dead, and its job given to another: a call that went out now would be paid for nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection

from models import transitions
from models.table import Row
from worker.running.tools import Tools

FRESH_S = 5.0  # a third of a lease: what was ours so long ago still is, unless somebody withdrew it


class Ownership:
    """A claimed job, with the columns `models.transitions.CLAIMED`, as this worker's."""

    def __init__(self, row: Row, tools: Tools) -> None:
        self._row = row
        self._tools = tools
        self._asked_at = 0.0

    def asking(self) -> None:
        """Take note that the ledger is asked now, by the statement that writes an attempt."""
        self._asked_at = self._tools.clock()

    async def holds(self) -> bool:
        """Return whether the job is ours. Asks the ledger only if it was not asked a moment ago.

        Between this answer and the sending lies no wait; a freeze there is not seen, and may cost one call.
        """
        while self._tools.clock() - self._asked_at > FRESH_S:
            self.asking()
            if not await self._tools.recorder.submit(self._held):
                return False
        return True

    def _held(self, connection: Connection) -> bool:
        rows = transitions.held_by(connection, [self._row.id], self._tools.worker_id)
        return any(row.claim == self._row.claim for row in rows)
