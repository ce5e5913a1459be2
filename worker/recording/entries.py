"""What a worker writes, besides endings: claims, starts of calls, and other statements.

Each kind of entry knows how all of its kind in a group are written together.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Connection

from models import ledger, queries, transitions
from models.ledger import Start
from models.table import Row, utcnow
from worker.running.outcome import Abandoned, abandoned

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Entry(ABC, Generic[T]):
    """Something to write, and who waits for it. To be made on the loop that waits."""

    written: asyncio.Future[T] = field(
        init=False, repr=False, default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    #: Nobody wants it any more: not to be written, unless that has begun.
    dropped: bool = field(init=False, repr=False, default=False)
    #: What its writer is told once it is committed.
    result: T = field(init=False, repr=False)
    #: Why the database refuses it, if it does.
    refusal: Exception | None = field(init=False, repr=False, default=None)

    @classmethod
    @abstractmethod
    def write(cls, connection: Connection, entries: Sequence[Self], *, again: bool) -> None:
        """Write all entries of this kind in a group and set their results.

        `again`: a first try may have been committed, and only its acknowledgement been lost.
        """

    def settle(self) -> None:
        """Tell its writer, if he still waits."""
        if self.written.done():
            return
        if self.refusal is not None:
            self.written.set_exception(self.refusal)
        else:
            self.written.set_result(self.result)

    def give_up(self) -> None:
        """Let its writer go without it; he is cancelled where no answer would be true."""
        self.dropped = True
        self.written.cancel()

    def _drop_with(self, result: T) -> None:
        self.dropped = True
        if not self.written.done():
            self.written.set_result(result)


@dataclass(slots=True, eq=False)
class Claim(Entry[Sequence[Row]]):
    """Take those of the jobs that are free."""

    ids: Sequence[str]
    worker_id: str
    #: One for all tries: by it a repetition tells what its first try took from what was in hand before.
    moment: datetime = field(init=False, default_factory=utcnow)

    @classmethod
    def write(cls, connection: Connection, entries: Sequence[Self], *, again: bool) -> None:
        """Claim, entry by entry."""
        for entry in entries:
            rows = list(transitions.claim(connection, entry.ids, entry.worker_id, entry.moment))
            if again:
                taken = {row.id for row in rows}
                mine = transitions.held_by(connection, entry.ids, entry.worker_id)
                rows += [row for row in mine if row.id not in taken and entry.took(connection, row.id)]
            entry.result = rows

    def took(self, connection: Connection, job_id: str) -> bool:
        """Return whether this very claim took a job, in whichever try."""
        job = queries.job(connection, job_id)
        return job is not None and job.claimed_at == self.moment

    def give_up(self) -> None:
        """Nothing was claimed; should a try have got through after all, the lease's end gives it back."""
        self._drop_with(())


@dataclass(slots=True, eq=False)
class Begin(Entry[bool]):
    """A call is about to go out."""

    start: Start

    @classmethod
    def write(cls, connection: Connection, entries: Sequence[Self], *, again: bool) -> None:
        """Write all calls at once. Those that a first try wrote, of jobs that were taken meanwhile, are closed."""
        held = ledger.begin(connection, [entry.start for entry in entries])
        for entry in entries:
            entry.result = entry.start.job_id in held
        if again:
            taken = [entry.start for entry in entries if not entry.result]
            open_still = ledger.begun(connection, taken)
            ledger.close(connection, [abandoned(start.job_id, start.number, Abandoned.UNSENT) for start in open_still])

    def give_up(self) -> None:
        """It must not go out."""
        self._drop_with(False)


@dataclass(slots=True, eq=False)
class Statement(Entry[Any]):
    """Anything else, such as a heartbeat. Harmless when repeated."""

    run: Callable[[Connection], Any]

    @classmethod
    def write(cls, connection: Connection, entries: Sequence[Self], *, again: bool) -> None:  # noqa: ARG003  harmless
        """Run them in order."""
        for entry in entries:
            entry.result = entry.run(connection)
