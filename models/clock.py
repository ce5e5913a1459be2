"""The clock by which moments are compared that several machines write: leases, above all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from models.table import Moment, utcnow


def now(connection: Connection) -> datetime:
    """Return the present moment by PostgreSQL's clock, the same for all hosts; SQLite has no other than this host's.

    It moves on inside a transaction: a burial that waited for a lock must not go by when it began to wait.
    """
    if connection.dialect.name != "postgresql":
        return utcnow()
    moment: datetime = connection.scalars(select(func.clock_timestamp(type_=Moment))).one()
    return moment
