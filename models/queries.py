"""What can be asked about jobs and batches, reading only."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select, union_all

from models.attempt import Attempt
from models.batch import Batch
from models.job import DELAYED, READY, Job
from models.table import Row

#: The columns of a result: the job and, if it has one, the attempt that decided it.
_DECIDED = (
    Job.id,
    Job.custom_id,
    Job.position,
    Job.state,
    Job.error_code,
    Job.error_message,
    Job.error_remedy,
    Attempt.http_status,
    Attempt.request_id,
    Attempt.answer,
    Attempt.error_body,
)


def job(connection: Connection, job_id: str) -> Row | None:
    """Return all columns of a job, or None."""
    return connection.execute(select(Job.__table__).where(Job.id == job_id)).one_or_none()


def decided(connection: Connection, job_id: str) -> Row | None:
    """Return a job with the attempt that decided it, columns as in `results`, or None."""
    return connection.execute(_decided().where(Job.id == job_id).limit(1)).one_or_none()


def ended(connection: Connection, ids: Sequence[str]) -> Sequence[Row]:
    """Return those of the jobs that have ended, columns as in `results`. At most 1,000 ids."""
    return connection.execute(_decided().where(Job.id.in_(ids), Job.finished_at.is_not(None))).all()


def states(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the state of each of the jobs that there are. At most 1,000 ids."""
    return {row.id: row.state for row in connection.execute(select(Job.id, Job.state).where(Job.id.in_(ids)))}


def _decided() -> Select[*tuple[Any, ...]]:
    decisive = or_(Attempt.outcome == "succeeded", and_(Job.state != "succeeded", Attempt.number == Job.attempts))
    return select(*_DECIDED).outerjoin(Attempt, and_(Attempt.job_id == Job.id, decisive))


def attempts(connection: Connection, job_id: str) -> Sequence[Row]:
    """Return a job's attempts, oldest first."""
    return connection.execute(select(Attempt.__table__).where(Attempt.job_id == job_id).order_by(Attempt.number)).all()


def batch(connection: Connection, batch_id: str) -> Row | None:
    """Return all columns of a batch, or None."""
    return connection.execute(select(Batch.__table__).where(Batch.id == batch_id)).one_or_none()


def batches(connection: Connection, limit: int) -> Sequence[Row]:
    """Return the newest batches."""
    return connection.execute(select(Batch.__table__).order_by(Batch.created_at.desc()).limit(limit)).all()


def counts(connection: Connection, batch_id: str) -> dict[str, int]:
    """Return how many jobs of a batch are in each state."""
    statement = select(Job.state, func.count().label("jobs")).where(Job.batch_id == batch_id).group_by(Job.state)
    return {row.state: row.jobs for row in connection.execute(statement)}


def jobs_before(connection: Connection, lane: str, batch_id: str | None, rank: int) -> int:
    """Return how many jobs of a lane go before the one of this batch and rank, as batches take turns.

    Those before it in its own batch, and as many of each other batch, as far as it has them.
    """
    own = and_(READY, Job.lane == lane, Job.batch_id.is_not_distinct_from(batch_id), Job.rank < rank)
    before = connection.scalar(select(func.count()).select_from(Job).where(own)) or 0
    others = select(func.count().label("jobs")).where(READY, Job.lane == lane).group_by(Job.batch_id).subquery()
    shares = case((others.c.jobs < before, others.c.jobs), else_=before)
    # Its own batch is among them with as many as are before it.
    return int(connection.scalar(select(func.sum(shares)).select_from(others)) or before)


def models(connection: Connection, batch_id: str) -> Sequence[str]:
    """Return the models that a batch's jobs ask for."""
    return connection.scalars(select(Job.model).where(Job.batch_id == batch_id).distinct().order_by(Job.model)).all()


def counts_by_lane(connection: Connection) -> Sequence[Row]:
    """Return lane, state and count of all jobs that are not finished."""
    # Together all that is unfinished, each part found by an index of its own.
    parts = (READY, Job.fed_at.is_not(None), Job.worker_id.is_not(None), and_(DELAYED, Job.fed_at.is_(None)))
    columns = (Job.lane, Job.state, func.count().label("jobs"))
    counts = (select(*columns).where(part).group_by(Job.lane, Job.state) for part in parts)
    groups = union_all(*counts).subquery()
    statement = select(groups.c.lane, groups.c.state, func.sum(groups.c.jobs).label("jobs"))
    return connection.execute(statement.group_by(groups.c.lane, groups.c.state)).all()


def usage(connection: Connection, batch_id: str) -> Row:
    """Return the tokens of a batch and the seconds its jobs lost to limits, over all attempts."""
    statement = (
        select(
            func.count().label("attempts"),
            func.coalesce(func.sum(Attempt.prompt_tokens), 0).label("prompt_tokens"),
            func.coalesce(func.sum(Attempt.completion_tokens), 0).label("completion_tokens"),
            func.coalesce(func.sum(Attempt.limited_s), 0.0).label("limited_s"),
        )
        .join(Job, Job.id == Attempt.job_id)
        .where(Job.batch_id == batch_id)
    )
    return connection.execute(statement).one()


def calls_under_way(connection: Connection, batch_id: str) -> int:
    """Return how many calls of a batch's jobs are out and have no outcome yet."""
    statement = (
        select(func.count())
        .select_from(Attempt)
        .join(Job, Job.id == Attempt.job_id)
        .where(Attempt.outcome.is_(None), Job.batch_id == batch_id, Job.state == "running")
    )
    return connection.scalar(statement) or 0


def attempts_by_code(connection: Connection, batch_id: str) -> Sequence[Row]:
    """Return outcome, code and count of a batch's attempts, most frequent first."""
    statement = (
        select(Attempt.outcome, Attempt.code, func.count().label("attempts"))
        .join(Job, Job.id == Attempt.job_id)
        .where(Job.batch_id == batch_id)
        .group_by(Attempt.outcome, Attempt.code)
        .order_by(func.count().desc())
    )
    return connection.execute(statement).all()


def failures_by_code(connection: Connection, batch_id: str) -> Sequence[Row]:
    """Return code, remedy, count and one example id of a batch's failed jobs, most frequent first."""
    statement = (
        select(
            Job.error_code,
            func.min(Job.error_message).label("error_message"),
            func.min(Job.error_remedy).label("error_remedy"),
            func.count().label("jobs"),
            func.min(Job.id).label("example"),
        )
        .where(Job.batch_id == batch_id, Job.state == "failed")
        .group_by(Job.error_code)
        .order_by(func.count().desc())
    )
    return connection.execute(statement).all()


def results(connection: Connection, batch_id: str, *, succeeded: bool, rows_a_fetch: int = 500) -> Generator[Row]:
    """Yield the finished jobs of a batch in input order, each with the attempt that decided it.

    With `succeeded` those that have an answer, else those that finished without one. The rows are streamed, so that a
    million results do not have to fit into memory. Only ids are sorted: the first row of a million comes in a second,
    and no answer passes through the database's temporary files.
    """
    decisive = Attempt.outcome == "succeeded" if succeeded else Attempt.number == Job.attempts
    ended = Job.state == "succeeded" if succeeded else Job.state.in_(("failed", "cancelled", "expired"))
    order = select(Job.id).where(Job.batch_id == batch_id, ended).order_by(Job.position, Job.id)
    rows = select(*_DECIDED).outerjoin(Attempt, and_(Attempt.job_id == Job.id, decisive))
    # Closed also when nobody reads on: PostgreSQL's cursor would else be left to the garbage collector.
    with closing(connection.scalars(order.execution_options(yield_per=rows_a_fetch))) as found:
        for ids in found.partitions():
            yield from connection.execute(rows.where(Job.id.in_(ids)).order_by(Job.position, Job.id)).all()
