"""Jobs for tests of the models: accepted, claimed, and moved along every edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert

from models import leases, ledger, queries, transitions
from models.acceptance import NewJob, accept, open_batch
from models.attempt import Attempt
from models.job import Job
from models.session import reading, writing
from models.state import Edge, JobState, Outcome
from models.table import Row

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

_JOB = NewJob(
    id="job-1",
    batch_id=None,
    custom_id=None,
    position=0,
    idempotency_key=None,
    lane="bulk",
    rank=0,
    model="MiniMax-M2",
    request='{"messages": []}',
    prompt_tokens=10,
    created_at=NOW,
)


def new_job(number: int = 1, **changes: Any) -> NewJob:
    """Return `job-<number>`, whose rank and position are its number."""
    return replace(_JOB, **{"id": f"job-{number}", "rank": number, "position": number, **changes})


def queue(database: Engine, *jobs: NewJob) -> None:
    """Accept jobs, and the batches that they name."""
    with writing(database) as connection:
        for batch_id in sorted({job.batch_id for job in jobs if job.batch_id}):
            open_batch(connection, batch_id, batch_id, batch_id, NOW)
        accept(connection, jobs)


def register(database: Engine, *worker_ids: str, lease_until: datetime = NOW + HOUR) -> None:
    """Let workers live."""
    with writing(database) as connection:
        for worker_id in worker_ids:
            row = {"id": worker_id, "name": "celery@host", "pid": 1, "lanes": "bulk", "capacity": 8, "started_at": NOW}
            leases.register(connection, {**row, "lease_until": lease_until})


def claim(database: Engine, job_id: str = "job-1", worker_id: str = "w1") -> transitions.Hold:
    """Let a registered worker take a queued job."""
    with writing(database) as connection:
        (row,) = transitions.claim(connection, [job_id], worker_id, NOW)
    return transitions.Hold(row.id, row.claim, row.attempts, row.failures)


def start(hold: transitions.Hold, worker_id: str = "w1", number: int | None = None) -> ledger.Start:
    """Return the next call of a held job."""
    number = number or hold.attempts + 1
    return ledger.Start(hold.job_id, number, hold.claim, worker_id, "main", "v2", NOW, 0.0)


def finish(hold: transitions.Hold, outcome: Outcome, number: int | None = None, **changes: Any) -> ledger.Finish:
    """Return the end of a held job's call."""
    return ledger.Finish(hold.job_id, number or hold.attempts + 1, NOW, outcome, **changes)


def read(database: Engine, job_id: str = "job-1") -> Row:
    """Return all columns of a job."""
    with reading(database) as connection:
        row = queries.job(connection, job_id)
    assert row is not None
    return row


def keep_answer(database: Engine, job_id: str = "job-1", number: int = 1) -> None:
    """Keep an answer that came too late for a job."""
    call = transitions.Hold(job_id, 1, number, 0)
    with writing(database) as connection:
        row = {**asdict(start(call, number=number)), "outcome": Outcome.SUPERSEDED, "finished_at": NOW, "answer": "42"}
        connection.execute(insert(Attempt).values(row))


FAILURE = transitions.Failure("1026", "the prompt was refused", "change the prompt")


def move(connection: Connection, edge: Edge, hold: transitions.Hold, worker_id: str = "w1") -> bool:
    """Try to move a job along an edge. True if it moved."""
    mine = Job.id == hold.job_id
    ways: dict[Edge, Callable[[], object]] = {
        Edge.CLAIM: lambda: transitions.claim(connection, [hold.job_id], worker_id, NOW),
        Edge.SUCCEED: lambda: transitions.succeed(connection, [hold], NOW),
        Edge.ADOPT: lambda: transitions.adopt(connection, hold, NOW),
        Edge.FAIL: lambda: transitions.fail(connection, hold, FAILURE, NOW),
        Edge.RETRY: lambda: transitions.hand_back(connection, Edge.RETRY, hold, NOW, NOW),
        Edge.SNOOZE: lambda: transitions.hand_back(connection, Edge.SNOOZE, hold, NOW, NOW),
        Edge.RELEASE: lambda: transitions.hand_back(connection, Edge.RELEASE, hold, None, NOW),
        Edge.RESCUE: lambda: transitions.rescue(connection, [worker_id], NOW),
        Edge.CANCEL: lambda: transitions.cancel(connection, mine, NOW),
        Edge.EXPIRE: lambda: transitions.expire(connection, hold, NOW) or transitions.expire_overdue(connection, NOW),
        Edge.QUARANTINE: lambda: transitions.quarantine(connection, hold.job_id, FAILURE, NOW),
        Edge.REOPEN: lambda: transitions.reopen(connection, mine, NOW),
        Edge.RECOVER: lambda: transitions.recover(connection, mine, NOW),
    }
    return bool(ways[edge]())


#: The edges that lead a job from its acceptance into each state.
WAYS: dict[JobState, tuple[Edge, ...]] = {
    JobState.QUEUED: (),
    JobState.RUNNING: (Edge.CLAIM,),
    JobState.SUCCEEDED: (Edge.CLAIM, Edge.SUCCEED),
    JobState.FAILED: (Edge.CLAIM, Edge.FAIL),
    JobState.CANCELLED: (Edge.CANCEL,),
    JobState.EXPIRED: (Edge.EXPIRE,),
}
