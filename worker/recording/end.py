"""The entry that matters most: how a call ended, and what becomes of its job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from sqlalchemy import Connection

from models import ledger, queries, transitions
from models.ledger import Finish
from models.state import Outcome
from models.table import utcnow
from worker.recording.entries import Entry
from worker.running.endings import Ending, Succeeded


@dataclass(slots=True, eq=False)
class End(Entry[bool]):
    """An ending, with the end of its attempt if there was one."""

    ending: Ending
    finish: Finish | None
    #: It lies in the spool, too.
    spooled: bool = field(init=False, default=False)

    @classmethod
    def write(cls, connection: Connection, entries: Sequence[Self], *, again: bool) -> None:
        """Write all endings, the answers together. An answer that comes too late is adopted, or kept as superseded."""
        now = utcnow()
        answers = [entry.ending.hold for entry in entries if isinstance(entry.ending, Succeeded)]
        moved = transitions.succeed(connection, answers, now) if answers else set()
        finishes = []
        # In the order of the jobs, as all who lock more than one of them.
        for entry in sorted(entries, key=lambda entry: entry.ending.hold.job_id):
            ending, finish = entry.ending, entry.finish
            if isinstance(ending, Succeeded):
                won = ending.hold.job_id in moved or transitions.adopt(connection, ending.hold, now)
                won = won or (again and finish is not None and _is_the_answer(connection, finish))
                if not won and finish is not None:
                    finish = replace(finish, outcome=Outcome.SUPERSEDED)
            else:
                won = ending.write(connection, now)
            if finish is not None:
                finishes.append(finish)
            entry.result = won
        ledger.close(connection, finishes)

    def give_up(self) -> None:
        """Its writer need not wait: it lies in the spool. It is still written, should there be time."""
        if not self.written.done():
            self.written.set_result(False)


def _is_the_answer(connection: Connection, finish: Finish) -> bool:
    """Return whether a first try, whose acknowledgement was lost, has recorded this attempt as the job's answer."""
    rows = queries.attempts(connection, finish.job_id)
    return any(row.number == finish.number and row.outcome == Outcome.SUCCEEDED for row in rows)
