"""The ledger of attempts: written before a call goes out and again when it ends, many calls to a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Insert,
    Select,
    Text,
    Update,
    bindparam,
    cast,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import aliased

from models.among import among
from models.attempt import ATTEMPTS_BEGUN, Attempt
from models.job import Job, in_state
from models.rendered import Rendered
from models.state import Outcome
from models.table import Row
from models.worker import Worker


@dataclass(frozen=True, slots=True)
class Start:
    """A call that is about to go out."""

    job_id: str
    number: int
    claim: int
    worker_id: str
    account: str
    api: str
    started_at: datetime
    limited_s: float


@dataclass(frozen=True, slots=True)
class Finish:
    """How a call ended. Field for field as in `models.attempt.Attempt`."""

    job_id: str
    number: int
    finished_at: datetime
    outcome: Outcome
    http_status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None
    error_body: str | None = None
    answer: str | None = None
    warning: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    first_token_s: float | None = None
    duration_s: float | None = None
    limited_s: float | None = None  #: None leaves what was written when it began


def begin(connection: Connection, starts: Sequence[Start]) -> set[str]:
    """Write the calls whose jobs are still held under the same claim. Return the ids of those jobs.

    A job that was cancelled, or rescued from a worker that had been frozen, is not among them and must not be sent.
    """
    if not starts:
        return set()
    held = _HELD.execute(connection, {"ids": [start.job_id for start in starts]})
    claims = {row.id: row.claim for row in held}
    rows = [start for start in starts if claims.get(start.job_id) == start.claim]
    if rows:
        _BEGIN.execute_for(connection, rows)
    return {row.job_id for row in rows}


def begun(connection: Connection, starts: Sequence[Start]) -> list[Start]:
    """Return those of these calls that are written: by this very claim, not others of the same number."""
    key = (Attempt.job_id, Attempt.number, Attempt.claim, Attempt.worker_id)
    wanted = {(start.job_id, start.number, start.claim, start.worker_id): start for start in starts}
    rows = connection.execute(select(*key).where(tuple_(*key).in_(list(wanted))))
    return [wanted[row.job_id, row.number, row.claim, row.worker_id] for row in rows]


def close(connection: Connection, finishes: Sequence[Finish]) -> None:
    """Write how calls ended. Overwrites `lost` where a worker thought dead brings its outcome after all."""
    if finishes:
        _CLOSE.execute_for(connection, finishes)


def known(connection: Connection, finishes: Sequence[Finish]) -> set[tuple[str, int]]:
    """Return which of these calls, as (job, number), have been begun in this database."""
    jobs = {finish.job_id for finish in finishes}
    begun = select(Attempt.job_id, Attempt.number).where(among(connection.dialect.name, Attempt.job_id))
    return {(row.job_id, row.number) for row in connection.execute(begun, {"ids": sorted(jobs)})}


def mark_lost(connection: Connection, worker_ids: Sequence[str], now: datetime) -> int:
    """Close the calls that dead workers, whose rows are still there, had begun as lost. Return how many.

    Nobody knows which of them had been sent: each was written as begun before it was to go out.
    """
    name = Worker.name + " (pid " + cast(Worker.pid, Text) + ") died during this call, or before it was sent"
    whose = select(name).where(Worker.id == Attempt.worker_id).scalar_subquery()
    statement = (
        update(Attempt)
        .where(Attempt.worker_id.in_(worker_ids), Attempt.outcome.is_(None))
        .values(
            outcome=Outcome.LOST,
            finished_at=now,
            code="worker_lost",
            message=whose,
        )
    )
    return connection.execute(statement).rowcount


def recount(connection: Connection, job_ids: Sequence[str]) -> None:
    """Set the attempts of rescued jobs to what the ledger holds: their worker died before it could write back."""
    connection.execute(update(Job).where(Job.id.in_(job_ids)).values(attempts=ATTEMPTS_BEGUN))


def last_lost(connection: Connection, job_id: str, most: int) -> Sequence[Row]:
    """Return `finished_at` and `message` of the job's last calls that were lost with their workers, oldest first."""
    lost = select(Attempt.number, Attempt.finished_at, Attempt.message).where(
        Attempt.job_id == job_id, Attempt.outcome == Outcome.LOST
    )
    return connection.execute(lost.order_by(Attempt.number.desc()).limit(most)).all()[::-1]


def use_kept(connection: Connection, job_ids: Sequence[str]) -> None:
    """Make the newest answer that was kept for each of these jobs, which have none, the job's answer."""
    kept = aliased(Attempt)
    newest = select(func.max(kept.number)).where(kept.job_id == Attempt.job_id, kept.outcome == Outcome.SUPERSEDED)
    chosen = (Attempt.job_id.in_(job_ids), Attempt.number == newest.scalar_subquery())
    connection.execute(update(Attempt).where(*chosen).values(outcome=Outcome.SUCCEEDED))


def _held(dialect: str) -> Select[str, int]:
    return (
        select(Job.id, Job.claim)
        .where(among(dialect, Job.id), in_state("running"))
        .order_by(Job.id)
        # PostgreSQL: a rescue in between would count the attempts without these, and their numbers be given twice.
        .with_for_update(read=True)
    )


def _begin(dialect: str) -> Insert:
    insert = postgresql_insert(Attempt) if dialect == "postgresql" else sqlite_insert(Attempt)
    return insert.values({name: bindparam(name) for name in Start.__dataclass_fields__}).on_conflict_do_nothing()


def _close(_dialect: str) -> Update:
    names = [name for name in Finish.__dataclass_fields__ if name not in {"job_id", "number"}]
    given: dict[str, ColumnElement[Any]] = {name: bindparam(name) for name in names}
    given["limited_s"] = func.coalesce(bindparam("limited_s", type_=Float), Attempt.limited_s)
    return (
        update(Attempt)
        .where(
            Attempt.job_id == bindparam("job_id"),
            Attempt.number == bindparam("number"),
            # An answer is never overwritten, as by a repeated write whose first acknowledgement was lost.
            or_(Attempt.outcome.is_(None), Attempt.outcome != Outcome.SUCCEEDED),
        )
        .values(given)
    )


_HELD, _BEGIN, _CLOSE = Rendered(_held), Rendered(_begin), Rendered(_close)
