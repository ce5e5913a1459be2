"""The only code that changes a job's state: one compare-and-set per edge of `models.state.TRANSITIONS`.

All take an open connection, so that a caller can put many edges into one transaction. What they return names the jobs
that moved; the others had been moved by someone else before, which is no error.

What every job goes through is built once for each database: to build such a statement anew takes three times as long
as to execute it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, String, Update, bindparam, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from models.among import among
from models.attempt import ATTEMPTS_BEGUN, KEEPS_ANSWER, UNDER_WAY, Attempt
from models.job import Job, in_state
from models.rendered import Rendered
from models.state import FINAL, TRANSITIONS, Edge, JobState
from models.table import Moment, Row
from models.worker import Worker

#: What a worker needs to know of a job that it claims.
CLAIMED = (
    Job.id,
    Job.claim,
    Job.lane,
    Job.model,
    Job.request,
    Job.prompt_tokens,
    Job.attempts,
    Job.failures,
    Job.deadline,
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A worker's hold on a job: the fencing number under which it may write, and the counters to write back."""

    job_id: str
    claim: int
    attempts: int
    failures: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed for good, in the words that its owner reads."""

    code: str
    message: str
    remedy: str


def edge(which: Edge, now: datetime | BindParameter[datetime]) -> Update:
    """Return the compare-and-set of an edge, for a caller who adds which jobs it is about."""
    sources, target = TRANSITIONS[which]
    statement = update(Job).where(in_state(*sorted(sources)))
    values: dict[str, Any] = {"state": target, "fed_at": None, "finished_at": now if target in FINAL else None}
    if target is not JobState.RUNNING:
        values["worker_id"] = None
    return statement.values(values)


def claim(connection: Connection, ids: Sequence[str], worker_id: str, now: datetime) -> Sequence[Row]:
    """Take those of the jobs that are queued and due. Return their rows with the columns `CLAIMED`.

    A worker that is not registered, or was buried while it was frozen, takes none: nobody would ever rescue them.
    """
    asked = {"ids": list(ids), "by": worker_id, "now": now}
    return connection.execute(_claim(connection.dialect.name), asked).all()


@cache
def _claim(dialect: str) -> ReturningUpdate[*tuple[Any, ...]]:
    by, now = bindparam("by", type_=String), bindparam("now", type_=Moment)
    # PostgreSQL: locked, so that a burial waits for this claim and sees it, or this claim for the burial.
    registered = select(Worker.id).where(Worker.id == by).with_for_update(read=True, key_share=True)
    due = (
        select(Job.id)
        .where(among(dialect, Job.id), in_state("queued"), or_(Job.run_at.is_(None), Job.run_at <= now))
        # PostgreSQL: two workers with the same hint pass each other by instead of waiting or deadlocking.
        .with_for_update(skip_locked=True)
    )
    return (
        edge(Edge.CLAIM, now)
        .where(Job.id.in_(due), registered.exists())
        .values(claim=Job.claim + 1, worker_id=by, claimed_at=now, run_at=None)
        .returning(*CLAIMED)
    )


def held_by(connection: Connection, ids: Sequence[str], worker_id: str) -> Sequence[Row]:
    """Return those of the jobs that this worker holds, with the columns `CLAIMED`."""
    dialect = connection.dialect.name
    held = select(*CLAIMED).where(among(dialect, Job.id), Job.state == "running", Job.worker_id == worker_id)
    return connection.execute(held, {"ids": list(ids)}).all()


def succeed(connection: Connection, holds: Iterable[Hold], now: datetime) -> set[str]:
    """Finish answered jobs. Jobs with equal counters, nearly all, share one statement. Return the ids that moved."""
    groups: defaultdict[tuple[int, int, int], list[str]] = defaultdict(list)
    for hold in holds:
        groups[hold.claim, hold.attempts, hold.failures].append(hold.job_id)
    moved: set[str] = set()
    for (fence, attempts, failures), ids in sorted(groups.items()):
        asked = {"ids": sorted(ids), "now": now, "fence": fence, "begun": attempts, "failed": failures}
        moved.update(_SUCCEED.execute(connection, asked).scalars())
    return moved


def _succeed(dialect: str) -> ReturningUpdate[str]:
    return (
        edge(Edge.SUCCEED, bindparam("now", type_=Moment))
        .where(among(dialect, Job.id), Job.claim == bindparam("fence"))
        .values(attempts=bindparam("begun"), failures=bindparam("failed"))
        .returning(Job.id)
    )


_SUCCEED = Rendered(_succeed)


def adopt(connection: Connection, hold: Hold, now: datetime) -> bool:
    """Finish a job with the answer of a worker that no longer holds it, if nobody else finished it. True if it did.

    The attempts are counted anew: whoever holds the job now may have begun one more.
    """
    statement = edge(Edge.ADOPT, now).where(Job.id == hold.job_id).values(attempts=ATTEMPTS_BEGUN)
    return bool(connection.execute(statement).rowcount)


def fail(connection: Connection, hold: Hold, failure: Failure, now: datetime) -> bool:
    """Finish a job as failed for good. True if it was still held."""
    return _held(
        connection,
        edge(Edge.FAIL, now).values(_why(failure)),
        hold,
    )


def hand_back(connection: Connection, which: Edge, hold: Hold, run_at: datetime | None, now: datetime) -> bool:
    """Put a held job back into its lane: `RETRY`, `SNOOZE` or `RELEASE`, not before `run_at`. True if it was held."""
    return _held(connection, edge(which, now).values(run_at=run_at), hold)


def expire(connection: Connection, hold: Hold, now: datetime) -> bool:
    """Finish a held job whose deadline passed. True if it was still held."""
    return _held(connection, edge(Edge.EXPIRE, now), hold)


def any_overdue(connection: Connection, now: datetime) -> bool:
    """Return whether a queued job's deadline passed."""
    overdue = select(Job.id).where(Job.state == "queued", Job.finished_at.is_(None), Job.deadline < now)
    return connection.scalar(overdue.order_by(Job.deadline).limit(1)) is not None


def expire_overdue(connection: Connection, now: datetime, most: int = 1000) -> Sequence[str]:
    """Finish up to `most` queued jobs whose deadline passed. Return their ids."""
    overdue = (Job.state == "queued", Job.finished_at.is_(None), Job.deadline < now)
    # PostgreSQL: one that is just being claimed is passed by; its worker sees the deadline.
    some = select(Job.id).where(*overdue).limit(most).with_for_update(skip_locked=True).cte("some")
    return connection.scalars(
        edge(Edge.EXPIRE, now).where(*overdue, Job.id.in_(select(some.c.id))).returning(Job.id)
    ).all()


def count_losses(connection: Connection, worker_ids: Sequence[str]) -> dict[str, int]:
    """Count a loss for each job that dead workers had begun a call for. Return the ids with their losses until now."""
    theirs = (Attempt.worker_id.in_(worker_ids), Attempt.claim == Job.claim, UNDER_WAY)
    calling = select(Attempt.job_id).where(Attempt.job_id == Job.id, *theirs).exists()
    held = (Job.worker_id.in_(worker_ids), Job.state == "running", calling)
    statement = update(Job).where(*held).values(losses=Job.losses + 1).returning(Job.id, Job.losses)
    return {row.id: row.losses for row in connection.execute(statement)}


def rescue(connection: Connection, worker_ids: Sequence[str], now: datetime, but: Sequence[str] = ()) -> Sequence[str]:
    """Give back all jobs held by workers whose lease ran out, `but` those. Return their ids.

    Their calls under way are marked lost by `models.ledger.mark_lost`, in the same transaction.
    """
    statement = edge(Edge.RESCUE, now).where(Job.worker_id.in_(worker_ids), Job.id.not_in(but))
    return connection.scalars(statement.values(rescues=Job.rescues + 1, run_at=None).returning(Job.id)).all()


def quarantine(connection: Connection, job_id: str, evidence: Failure, now: datetime) -> bool:
    """Fail a job whose worker died, as so often before. True if it was held."""
    statement = edge(Edge.QUARANTINE, now).where(Job.id == job_id).values(rescues=Job.rescues + 1)
    return bool(connection.execute(statement.values(_why(evidence))).rowcount)


def cancel(connection: Connection, which: ColumnElement[bool], now: datetime) -> Sequence[str]:
    """Withdraw jobs; one that is running has its answer kept but not adopted. Return the ids that moved."""
    return connection.scalars(edge(Edge.CANCEL, now).where(which).returning(Job.id)).all()


def reopen(connection: Connection, which: ColumnElement[bool], now: datetime) -> Sequence[str]:
    """Queue failed, cancelled or expired jobs again with all their retries. Return the ids that moved.

    The attempts are counted anew, as in `rescue`: a job cancelled in mid-call has one that its row does not know, and
    the next call would write over it.
    """
    statement = (
        edge(Edge.REOPEN, now)
        .where(which)
        .values(attempts=ATTEMPTS_BEGUN, failures=0, losses=0, run_at=None, deadline=None)
        .values(_why(None))
    )
    return connection.scalars(statement.returning(Job.id)).all()


def recover(connection: Connection, which: ColumnElement[bool], now: datetime) -> Sequence[str]:
    """Finish failed, cancelled or expired jobs with an answer that came too late and was kept. Return their ids.

    `models.ledger.use_kept` makes the kept answer theirs, in the same transaction.
    """
    statement = edge(Edge.RECOVER, now).where(which, KEEPS_ANSWER).values(attempts=ATTEMPTS_BEGUN, run_at=None)
    return connection.scalars(statement.values(_why(None)).returning(Job.id)).all()


def _why(failure: Failure | None) -> dict[str, str | None]:
    if failure is None:
        return {"error_code": None, "error_message": None, "error_remedy": None}
    return {"error_code": failure.code, "error_message": failure.message, "error_remedy": failure.remedy}


def _held(connection: Connection, statement: Update, hold: Hold) -> bool:
    # Handed back or rescued, a job keeps its claim number until the next claim: the number alone is not the hold.
    held = (Job.id == hold.job_id, Job.claim == hold.claim, Job.state == "running")
    guarded = statement.where(*held).values(attempts=hold.attempts, failures=hold.failures)
    return bool(connection.execute(guarded).rowcount)
