"""Accepting jobs: the insert is the acceptance. Once it is committed, the job is not lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from models.batch import Batch
from models.job import Job
from models.state import JobState
from models.table import on_dialect
from models.transitions import Failure

#: Keys to one statement, far below SQLite's 32,766 and PostgreSQL's 65,535 parameters.
KEYS_A_STATEMENT = 1000


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to accept. Field for field as in `models.job.Job`."""

    id: str
    batch_id: str | None
    custom_id: str | None
    position: int
    idempotency_key: str | None
    lane: str
    rank: int
    model: str
    request: str
    prompt_tokens: int
    created_at: datetime
    deadline: datetime | None = None
    fed_at: datetime | None = None


_COLUMNS = tuple(NewJob.__dataclass_fields__)
_KEYED = (Job.idempotency_key, Job.id)


def accept(connection: Connection, jobs: Sequence[NewJob]) -> set[str]:
    """Insert jobs as queued and return the ids of those that are new.

    A job whose id or idempotency key exists already is left as it is: submitting twice is one job.
    """
    if not jobs:
        return set()
    # Rows as parameters, which SQLAlchemy sends 1,000 to a statement that it compiles once: 28 us a job. The same rows
    # in `values()` are compiled each time: 330 us.
    return set(connection.scalars(_insertion(connection.dialect.name), [_row(job) for job in jobs]))


@cache
def _insertion(dialect: str) -> Any:
    """Return the statement, made once: making it anew and its key took a third of a single job's insertion."""
    insert = postgresql_insert if dialect == "postgresql" else sqlite_insert
    return insert(Job).on_conflict_do_nothing().returning(Job.id)


def reject(connection: Connection, job: NewJob, failure: Failure, now: datetime) -> None:
    """Insert a job as failed: it was refused before it could be queued. One whose id exists is left as it is."""
    why = {"error_code": failure.code, "error_message": failure.message, "error_remedy": failure.remedy}
    row = {**_row(job), "state": JobState.FAILED, "finished_at": now, **why}
    connection.execute(on_dialect(connection, Job).values(row).on_conflict_do_nothing())


def open_batch(connection: Connection, batch_id: str, name: str, idempotency_key: str | None, now: datetime) -> str:
    """Insert a batch, or find the one with this key. Return its id."""
    row = {"id": batch_id, "name": name, "idempotency_key": idempotency_key, "created_at": now}
    connection.execute(on_dialect(connection, Batch).values(row).on_conflict_do_nothing())
    if idempotency_key is None:
        return batch_id
    return connection.scalars(select(Batch.id).where(Batch.idempotency_key == idempotency_key)).one()


def ids_by_key(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Return the job id of each idempotency key that exists."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), KEYS_A_STATEMENT):
        some = Job.idempotency_key.in_(keys[start : start + KEYS_A_STATEMENT])
        found.update((row.idempotency_key, row.id) for row in connection.execute(select(*_KEYED).where(some)))
    return found


def _row(job: NewJob) -> dict[str, Any]:
    return {"state": JobState.QUEUED, **{name: getattr(job, name) for name in _COLUMNS}}
