"""How many jobs wait in a lane, for a bound on them: counted no further than the bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from models.job import DELAYED, READY, Job


def queued(connection: Connection, lane: str, most: int) -> int:
    """Return how many jobs of a lane are queued, or some number above `most` if more are.

    Reads at most `most` + 1 entries of each of three indexes: of jobs that are ready, under way, and delayed. The last
    is not by lane: where more are delayed in all lanes together, those of this one may be counted in part.
    """
    # Together all that is queued: a job with a message under way is neither ready nor, as yet, running.
    mine = Job.lane == lane
    parts = (
        (and_(READY, mine), (Job.batch_id, Job.rank)),
        (and_(Job.fed_at.is_not(None), mine), (Job.fed_at,)),
        (and_(DELAYED, Job.fed_at.is_(None)), (Job.run_at,)),
    )
    return sum(_some(connection, lane, part, order, most + 1) for part, order in parts)


def _some(connection: Connection, lane: str, part: ColumnElement[bool], order: Sequence[Any], most: int) -> int:
    # In the order of the index: in any, the table itself may be read, to its end where few are found.
    some = select(Job.lane).where(part).order_by(*order).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(some).where(some.c.lane == lane)) or 0
