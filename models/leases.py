"""Leases of workers: who is alive, who is not, and what each holds. Moments are those of `models.clock`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from models.job import Job
from models.table import Row
from models.worker import Worker


def register(connection: Connection, worker: Row) -> None:
    """Insert a worker; `worker` maps the column names of `Worker`."""
    connection.execute(insert(Worker).values(worker))


def renew(connection: Connection, worker_id: str, lease_until: datetime) -> bool:
    """Move a worker's lease on. False if it had run out and its jobs were given away: then it must begin anew."""
    statement = update(Worker).where(Worker.id == worker_id).values(lease_until=lease_until)
    return bool(connection.execute(statement).rowcount)


def alive(connection: Connection, now: datetime) -> Sequence[Row]:
    """Return the rows of all workers whose lease holds."""
    return connection.execute(select(Worker.__table__).where(Worker.lease_until > now)).all()


def until(connection: Connection, worker_id: str) -> datetime | None:
    """Return when a worker's lease runs out, or ran out; None if it has none."""
    return connection.scalar(select(Worker.lease_until).where(Worker.id == worker_id))


def expired(connection: Connection, now: datetime) -> Sequence[str]:
    """Return the ids of workers whose lease ran out."""
    return connection.scalars(select(Worker.id).where(Worker.lease_until <= now)).all()


def holds(connection: Connection, worker_id: str) -> Mapping[str, int]:
    """Return the jobs that a worker holds, each with the fencing number of its claim."""
    rows = connection.execute(select(Job.id, Job.claim).where(Job.worker_id == worker_id))
    return {row.id: row.claim for row in rows}


def ended(connection: Connection, job_ids: Sequence[str]) -> set[str]:
    """Return those of the jobs that are finished, or gone."""
    there = select(Job.id).where(Job.id.in_(job_ids), Job.finished_at.is_(None))
    return set(job_ids) - set(connection.scalars(there))
