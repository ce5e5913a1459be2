"""Whether a job is still ours, just before its call is sent.

The attempt's row is written for a job that was ours then. Frozen since, by a signal or with its machine, this process
may have been taken for dead, and its job given to another: a call that went out now would be paid for nothing.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from models import clock, leases, transitions
from models.table import Row
from worker.running.deadline import until
from worker.running.tools import Tools

FRESH_S = 5.0  # a third of a lease: what was ours so long ago still is, unless somebody withdrew it
ASKS = 3  # answers that come too late to be worth anything: then no lease is kept either, and the job will be another's


class Unsure(Exception):
    """The ledger answers too slowly to say whose the job is: it must not be sent from here now."""


class Ownership:
    """A claimed job, with the columns `models.transitions.CLAIMED`, as this worker's."""

    def __init__(self, row: Row, tools: Tools) -> None:
        self._row = row
        self._tools = tools
        self._sure_until = 0.0

    def asking(self) -> None:
        """Take note that the ledger is asked now, by the statement that writes an attempt."""
        self._sure_until = self._tools.clock() + FRESH_S

    async def holds(self) -> bool:
        """Return whether the job is ours. Asks the ledger only if it was not asked a moment ago.

        What it answers is good until our lease, as it stood then, runs out: nobody rescues our jobs before. So commits
        of some seconds hold up a call, but do not stop it. Between this answer and the sending lies no wait; a freeze
        there is not seen, and may cost one call.

        Raises:
            TimeoutError: the job's deadline passed while the ledger was asked.
            Unsure: every answer came when the lease that it told of had run out.
        """
        for _ in range(ASKS):
            if self._sure():
                return True
            async with until(self._row.deadline):
                if not await self._tools.recorder.submit(self._ask):
                    return False
        if self._sure():
            return True
        raise Unsure

    def _sure(self) -> bool:
        return self._tools.clock() < self._sure_until

    def _ask(self, connection: Connection) -> bool:
        """Return whether the ledger says so, and note how long that is good for. A repetition after an outage anew."""
        moment = self._tools.clock()
        rows = transitions.held_by(connection, [self._row.id], self._tools.worker_id)
        ends = leases.until(connection, self._tools.worker_id)
        if ends is None or all(row.claim != self._row.claim for row in rows):
            return False
        self._sure_until = moment + (ends - clock.now(connection)) / timedelta(seconds=1)
        return True
