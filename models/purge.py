"""Deleting jobs that ended long ago, with their attempts, a portion to a transaction.

It walks the jobs in the order of their ends, each portion with a look of its own: one long look would keep SQLite's log
from being folded back into the file, and PostgreSQL's vacuum from freeing anything, for as long as the purge takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, LargeBinary, and_, cast, delete, func, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from models.attempt import Attempt
from models.batch import Batch
from models.job import Job
from models.session import reading, writing
from models.state import FINAL, JobState
from models.table import Row

PORTION = 2000  # jobs to a transaction: 50 to 300 ms each


@dataclass(frozen=True, slots=True)
class Old:
    """Which jobs are meant: those that ended before a moment, in one of these states, of one batch or of all."""

    before: datetime
    states: Collection[JobState] = FINAL
    batch_id: str | None = None

    def jobs(self) -> ColumnElement[bool]:
        """Return which jobs may go. A call that is still out may bring an answer that is paid: its job stays."""
        out = select(Attempt.number).where(Attempt.job_id == Job.id, Attempt.outcome.is_(None))
        wanted = and_(Job.state.in_(sorted(FINAL.intersection(self.states))), Job.finished_at < self.before)
        mine = true() if self.batch_id is None else Job.batch_id == self.batch_id
        return and_(wanted, ~out.correlate(Job).exists(), mine)

    def batches(self, kept: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return which batches may go: those made before the moment, too, that have none of the `kept` jobs."""
        filled = select(Job.id).where(Job.batch_id == Batch.id, kept)
        mine = true() if self.batch_id is None else Batch.id == self.batch_id
        return and_(Batch.created_at < self.before, ~filled.correlate(Batch).exists(), mine)


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows, and how many bytes of text in them: prompts, answers and error bodies."""

    jobs: int = 0
    attempts: int = 0
    batches: int = 0
    bytes: int = 0

    def __add__(self, other: Purged) -> Purged:
        return Purged(
            self.jobs + other.jobs,
            self.attempts + other.attempts,
            self.batches + other.batches,
            self.bytes + other.bytes,
        )


def survey(database: Engine, old: Old) -> Purged:
    """Return what `purge` would delete now."""
    with reading(database) as connection:
        found = _weight(connection, old.jobs())
        batches = connection.scalar(select(func.count()).select_from(Batch).where(old.batches(not_(old.jobs()))))
    return found + Purged(batches=batches or 0)


def purge(database: Engine, old: Old, portion: int = PORTION) -> Iterator[Purged]:
    """Delete old jobs with their attempts, then batches without jobs. Yield what each commit deleted.

    Interrupted, it has deleted what it has yielded, and goes on when it is run again.
    """
    last: Row | None = None
    while found := _following(database, old, last, portion):
        last = found[-1]
        with writing(database) as connection:
            # Asked again: a job may have been reopened since it was found.
            some = Job.id.in_(_locked(connection, [row.id for row in found], old))
            weight = _weight(connection, some)
            connection.execute(delete(Job).where(some))  # its attempts go with it, by their foreign key
        yield weight
    while batches := _drop_batches(database, old, portion):
        yield Purged(batches=batches)


def _following(database: Engine, old: Old, last: Row | None, portion: int) -> Sequence[Row]:
    """Return id and end of the next old jobs behind `last`, which may have been left where it was."""
    end = Job.finished_at
    behind = true() if last is None else and_(end >= last.finished_at, or_(end > last.finished_at, Job.id > last.id))
    statement = select(Job.id, end).where(old.jobs(), behind).order_by(end, Job.id).limit(portion)
    with reading(database) as connection:
        return connection.execute(statement).all()


def _locked(connection: Connection, ids: Sequence[str], old: Old) -> Sequence[str]:
    """Return those of the ids that may still go. One that somebody holds just now is left for another time."""
    statement = select(Job.id).where(Job.id.in_(ids), old.jobs())
    return connection.scalars(statement.with_for_update(of=Job, skip_locked=True)).all()


def _drop_batches(database: Engine, old: Old, portion: int) -> int:
    """Delete batches without jobs. Return how many."""
    empty = old.batches(true())
    with writing(database) as connection:
        # Locked first, and looked at again by the statement after: a job that somebody has just inserted is seen then,
        # and would else go with its batch, by its foreign key. Who inserts one later finds no batch, and tries again.
        ids = connection.scalars(select(Batch.id).where(empty).limit(portion).with_for_update(skip_locked=True)).all()
        return connection.execute(delete(Batch).where(Batch.id.in_(ids), empty)).rowcount if ids else 0


def _weight(connection: Connection, jobs: ColumnElement[bool]) -> Purged:
    request = select(func.count().label("jobs"), _bytes(connection, Job.request).label("bytes")).where(jobs)
    texts = _bytes(connection, Attempt.answer) + _bytes(connection, Attempt.error_body)
    calls = select(func.count().label("attempts"), texts.label("bytes")).join(Job, Job.id == Attempt.job_id).where(jobs)
    of_jobs, of_calls = connection.execute(request).one(), connection.execute(calls).one()
    return Purged(of_jobs.jobs, of_calls.attempts, 0, int(of_jobs.bytes + of_calls.bytes))


def _bytes(connection: Connection, column: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    """Return the sum of a column's lengths in bytes: SQLite's `length` of a text counts characters, of a blob bytes."""
    on_sqlite = connection.dialect.name == "sqlite"
    length = func.length(cast(column, LargeBinary)) if on_sqlite else func.octet_length(column)
    return func.coalesce(func.sum(length), 0)
