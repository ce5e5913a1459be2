"""Accepting jobs: the insert is the acceptance. Once it is committed, the job is not lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from models.batch import Batch
from models.job import Job
from models.state import JobState

#: Rows to one statement: 13 columns each stay below SQLite's 32,766 and PostgreSQL's 65,535 parameters.
ROWS_A_STATEMENT = 1000


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


def accept(connection: Connection, jobs: Sequence[NewJob]) -> set[str]:
    """Insert jobs as queued and return the ids of those that are new.

    A job whose id or idempotency key exists already is left as it is: submitting twice is one job.
    """
    accepted: set[str] = set()
    for start in range(0, len(jobs), ROWS_A_STATEMENT):
        rows = [_row(job) for job in jobs[start : start + ROWS_A_STATEMENT]]
        statement = _insert(connection, Job).values(rows).on_conflict_do_nothing().returning(Job.id)
        accepted.update(connection.scalars(statement))
    return accepted


def open_batch(connection: Connection, batch_id: str, name: str, idempotency_key: str | None, now: datetime) -> str:
    """Insert a batch, or find the one with this key. Return its id."""
    row = {"id": batch_id, "name": name, "idempotency_key": idempotency_key, "created_at": now}
    connection.execute(_insert(connection, Batch).values(row).on_conflict_do_nothing())
    if idempotency_key is None:
        return batch_id
    return connection.scalars(select(Batch.id).where(Batch.idempotency_key == idempotency_key)).one()


def ids_by_key(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Return the job id of each idempotency key that exists."""
    rows = connection.execute(select(Job.idempotency_key, Job.id).where(Job.idempotency_key.in_(keys)))
    return {row.idempotency_key: row.id for row in rows}


def _row(job: NewJob) -> dict[str, Any]:
    return {"state": JobState.QUEUED, **{name: getattr(job, name) for name in _COLUMNS}}


def _insert(connection: Connection, table: type) -> Any:
    return postgresql_insert(table) if connection.dialect.name == "postgresql" else sqlite_insert(table)
