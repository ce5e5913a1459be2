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
    """Rescue the jobs of dead workers, close their calls as lost, and forget the workers. Return the rescued ids.

    Leaves out a worker whose lease holds at `now`: it renewed after it was found expired.
    """
    # PostgreSQL: locked, so that claims and renewals under way are seen, and two buriers do not share a grave.
    lapsed = select(Worker.id).where(Worker.id.in_(worker_ids), Worker.lease_until <= now)
    dead = connection.scalars(lapsed.order_by(Worker.id).with_for_update()).all()
    if not dead:
        return []
    rescued = transitions.rescue(connection, dead, now)
    ledger.mark_lost(connection, dead, now)
    if rescued:
        ledger.recount(connection, rescued)
    connection.execute(delete(Worker).where(Worker.id.in_(dead)))
    return rescued


def holds_any(connection: Connection, worker_id: str) -> bool:
    """Return whether a worker still holds jobs."""
    return connection.scalar(select(Job.id).where(Job.worker_id == worker_id).limit(1)) is not None
