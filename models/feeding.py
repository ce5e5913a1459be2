"""Which jobs get the next message in Celery. Marks rows; changes no state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from models.job import Job


def take_next(connection: Connection, lane: str, count: int, now: datetime, stale: datetime) -> Sequence[str]:
    """Mark up to `count` due jobs of a lane as fed, lowest rank first, and return their ids in that order.

    A job fed before `stale` and still unclaimed is due again: its message was lost, or its worker is gone.
    """
    due = (
        select(Job.id)
        .where(
            Job.state == "queued",
            Job.lane == lane,
            or_(Job.run_at.is_(None), Job.run_at <= now),
            or_(Job.fed_at.is_(None), Job.fed_at < stale),
            or_(Job.deadline.is_(None), Job.deadline > now),
        )
        .order_by(Job.rank)
        .limit(count)
        .with_for_update(skip_locked=True)
        # A CTE is run once. As a subquery PostgreSQL may run it again for each row it joins, passing over those it has
        # just marked, and so mark more than `count`.
        .cte("due")
    )
    statement = update(Job).where(Job.id.in_(select(due.c.id))).values(fed_at=now).returning(Job.id, Job.rank)
    return [row.id for row in sorted(connection.execute(statement), key=lambda row: row.rank)]


def fed_by_lane(connection: Connection, stale: datetime) -> dict[str, int]:
    """Return how many jobs of each lane have a message under way that nobody has claimed yet."""
    statement = select(Job.lane, func.count().label("jobs")).where(Job.fed_at >= stale).group_by(Job.lane)
    return {row.lane: row.jobs for row in connection.execute(statement)}


def mark_fed(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Note that a message for these queued jobs is under way, as for one published at its insertion."""
    connection.execute(update(Job).where(Job.id.in_(ids), Job.state == "queued").values(fed_at=now))


def unfeed(connection: Connection, ids: Sequence[str] | None = None) -> None:
    """Forget that messages for these jobs, or for all, are under way: Redis was flushed, or a worker is leaving."""
    statement = update(Job).where(Job.fed_at.is_not(None)).values(fed_at=None)
    connection.execute(statement if ids is None else statement.where(Job.id.in_(ids)))
