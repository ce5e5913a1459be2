"""Leases of workers: who is alive, and who holds jobs although he is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from models import ledger, transitions
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


def expired(connection: Connection, now: datetime) -> Sequence[str]:
    """Return the ids of workers whose lease ran out."""
    return connection.scalars(select(Worker.id).where(Worker.lease_until <= now)).all()


def bury(connection: Connection, worker_ids: Sequence[str], now: datetime) -> Sequence[str]:
    """Rescue the jobs of dead workers, close their calls as lost, and forget the workers. Return the rescued ids."""
    if not worker_ids:
        return []
    rescued = transitions.rescue(connection, worker_ids, now)
    ledger.mark_lost(connection, worker_ids, now)
    if rescued:
        ledger.recount(connection, rescued)
    connection.execute(delete(Worker).where(Worker.id.in_(worker_ids)))
    return rescued


def holds_any(connection: Connection, worker_id: str) -> bool:
    """Return whether a worker still holds jobs."""
    return connection.scalar(select(Job.id).where(Job.worker_id == worker_id).limit(1)) is not None
