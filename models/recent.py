"""What happened lately, found without looking at all that ever did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from models.attempt import Attempt
from models.job import Job
from models.table import Row

MOST_LOOKED_AT = 5000  # ended jobs among which failed ones are looked for: where failures are rare, some ms


def ended_since(connection: Connection, moment: datetime) -> dict[str, int]:
    """Return how many jobs of each lane have ended since a moment, however they did."""
    statement = select(Job.lane, func.count().label("jobs")).where(Job.finished_at > moment).group_by(Job.lane)
    return {row.lane: row.jobs for row in connection.execute(statement)}


def failures(connection: Connection, limit: int) -> Sequence[Row]:
    """Return the jobs that failed last, the newest first, each with the request id and the account of its last call.

    Only the last MOST_LOOKED_AT jobs that ended are looked at.
    """
    ended = Job.finished_at.is_not(None)
    lately = (
        select(Job.id, Job.state, Job.finished_at).where(ended).order_by(Job.finished_at.desc()).limit(MOST_LOOKED_AT)
    )
    last = lately.subquery()
    failed = (
        select(last.c.id).where(last.c.state == "failed").order_by(last.c.finished_at.desc()).limit(limit).subquery()
    )
    statement = (
        select(
            Job.id,
            Job.lane,
            Job.model,
            Job.finished_at,
            Job.error_code,
            Job.error_message,
            Attempt.request_id,
            Attempt.account,
        )
        .join(failed, failed.c.id == Job.id)
        .outerjoin(Attempt, and_(Attempt.job_id == Job.id, Attempt.number == Job.attempts))
        .order_by(Job.finished_at.desc(), Job.id)
    )
    return connection.execute(statement).all()
