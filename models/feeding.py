"""Which jobs get the next message in Celery. Marks rows; changes no state.

Batches take turns inside a lane, in the order of their ids and round again, so that a batch of ten does not wait
behind one of a hundred thousand. Jobs without a batch take their turn together, as one. Inside a batch the lowest rank
goes first. No query here costs more for a long backlog than for a short one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain, zip_longest
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from models.job import DELAYED, READY, Job, in_state
from models.lane import Lane

NO_BATCH = ""  # whose turn it is when jobs without a batch go; sorts before every id
MOST_BATCHES = 50  # that one feeding serves: what it costs does not grow with how many there are
MOST_RANK = 2**63 - 1
_IN_ORDER = (Job.batch_id, Job.rank)  # of the index of ready jobs, within a lane


def _one_ready(lane: str, *which: ColumnElement[bool]) -> Select[str]:
    # The first in order: asked whether there is any, PostgreSQL reads the whole table for a lane that has none, if all
    # jobs are of one lane.
    return select(Job.id).where(READY, Job.lane == lane, *which).order_by(*_IN_ORDER).limit(1)


def _by_lane(what: ColumnElement[Any], *which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    # Lane by lane: without statistics PostgreSQL takes nearly all jobs for fed, and would read the whole table.
    fed = select(what).where(Job.fed_at.is_not(None), *which)
    return select(*(fed.where(Job.lane == lane).scalar_subquery().label(lane) for lane in Lane))


# Built once: the feeder asks many times a second, and building took twice as long as executing.
_LANES_READY = select(*(_one_ready(lane).label(lane) for lane in Lane))
_SORT_NOTHING = select(*(func.set_config(f"enable_{sort}", "off", True) for sort in ("sort", "incremental_sort")))
_FED, _OLDEST_FED = _by_lane(func.count()), _by_lane(func.min(Job.fed_at))


@dataclass(frozen=True, slots=True)
class Fed:
    """The ids of jobs just marked, batches mixed, and whose turn was the last: `after` of the next call."""

    ids: Sequence[str]
    last: str


def take_next(connection: Connection, lane: str, count: int, now: datetime, after: str = NO_BATCH) -> Fed:
    """Mark up to `count` ready jobs of a lane as fed, shared evenly among the batches that follow `after`.

    Takes fewer when a batch has fewer than its share left; the next call gives the rest to others.
    """
    _sort_nothing(connection)
    turns = _turns(connection, lane, after, min(count, MOST_BATCHES))
    if not turns:
        return Fed([], after)
    share, more = divmod(count, len(turns))
    shares = [_first(connection, lane, turn, share + (n < more), now) for n, turn in enumerate(turns)]
    ids = [job_id for job_id in chain.from_iterable(zip_longest(*shares)) if job_id is not None]
    if ids:
        connection.execute(update(Job).where(Job.id.in_(ids)).values(fed_at=now))
    return Fed(ids, turns[-1])


def lanes_ready(connection: Connection) -> set[str]:
    """Return the lanes where a job is ready: one look at the index for each."""
    row = connection.execute(_LANES_READY).one()
    return {lane for lane in Lane if getattr(row, lane) is not None}


def ripen(connection: Connection, now: datetime) -> int:
    """Make jobs ready whose moment `run_at` has come. Return how many."""
    statement = update(Job).where(DELAYED, Job.run_at <= now).values(run_at=None)
    return connection.execute(statement).rowcount


def any_ripe(connection: Connection, now: datetime) -> bool:
    """Return whether a job's moment has come."""
    return connection.scalar(select(Job.id).where(DELAYED, Job.run_at <= now).order_by(Job.run_at).limit(1)) is not None


def fed_by_lane(connection: Connection, since: datetime | None = None) -> dict[str, int]:
    """Return how many jobs of each lane have a message under way that nobody has claimed yet."""
    row = connection.execute(_FED if since is None else _by_lane(func.count(), Job.fed_at >= since)).one()
    return {lane: jobs for lane in Lane if (jobs := getattr(row, lane))}


def oldest_fed(connection: Connection) -> dict[str, datetime]:
    """Return for each lane with messages under way the moment `fed_at` of the one that waits longest."""
    row = connection.execute(_OLDEST_FED).one()
    return {lane: fed_at for lane in Lane if (fed_at := getattr(row, lane)) is not None}


def mark_fed(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Note that a message for these queued jobs is under way, as for one published at its insertion."""
    connection.execute(update(Job).where(Job.id.in_(ids), in_state("queued")).values(fed_at=now))


def unfeed(connection: Connection, ids: Sequence[str] | None = None) -> None:
    """Forget that messages for these jobs, or for all, are under way: Redis was flushed, or a worker is leaving."""
    statement = update(Job).where(Job.fed_at.is_not(None)).values(fed_at=None)
    connection.execute(statement if ids is None else statement.where(Job.id.in_(ids)))


def unfeed_lost(connection: Connection, lane: str, before: datetime) -> int:
    """Forget the messages of a lane that were sent before a moment and must be lost by now. Return how many."""
    lost = (Job.fed_at.is_not(None), Job.lane == lane, Job.fed_at < before)
    return connection.execute(update(Job).where(*lost).values(fed_at=None)).rowcount


def change_lane(connection: Connection, ids: Sequence[str], lane: str) -> int:
    """Put unfinished jobs into another lane, each with its rank. Return how many were in another before.

    A message under way for it in the old lane stays good; it gets one in the new lane as well.
    """
    moved = (Job.id.in_(ids), Job.finished_at.is_(None), Job.lane != lane)
    return connection.execute(update(Job).where(*moved).values(lane=lane, fed_at=None)).rowcount


def _sort_nothing(connection: Connection) -> None:
    """Let PostgreSQL go by the index that has the jobs in order, for this transaction.

    By statistics of before it takes a batch's queued jobs for few, and would read and sort them all each time.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_SORT_NOTHING)


def _turns(connection: Connection, lane: str, after: str, count: int) -> list[str]:
    """Return the batches with ready jobs that follow `after`, and from the first again, each once."""
    turns = _batches(connection, lane, after, None, count)
    if len(turns) < count:
        turns += [NO_BATCH] if _unbatched(connection, lane) else []
        turns += _batches(connection, lane, NO_BATCH, after, count)
    return turns[:count]


def _unbatched(connection: Connection, lane: str) -> bool:
    """Return whether a job without a batch is ready."""
    return connection.scalar(_one_ready(lane, Job.batch_id.is_(None))) is not None


def _batches(connection: Connection, lane: str, above: str, upto: str | None, count: int) -> list[str]:
    """Return batches with ready jobs by ascending id, hopping from one to the next instead of reading their jobs."""
    asked = {"in_lane": lane, "above": above, "upto": upto, "most": count}
    return list(connection.scalars(_hops(bounded=upto is not None), asked))


@cache
def _hops(*, bounded: bool) -> Select[str]:
    upto = Job.batch_id <= bindparam("upto") if bounded else Job.batch_id.is_not(None)
    ready = select(Job.batch_id).where(READY, Job.lane == bindparam("in_lane"), upto)

    def following(batch_id: ColumnElement[str]) -> ColumnElement[str]:
        # As pairs: by the batch alone PostgreSQL would go by the index of batches, through all other lanes' jobs.
        after = tuple_(*_IN_ORDER) > tuple_(batch_id, literal(MOST_RANK, BigInteger))
        return ready.where(after).order_by(*_IN_ORDER).limit(1).scalar_subquery()

    above = bindparam("above", type_=String)
    hop = select(following(above).label("batch_id"), literal(1).label("n")).cte("hop", recursive=True)
    onward = select(following(hop.c.batch_id), hop.c.n + 1).where(
        hop.c.batch_id.is_not(None), hop.c.n < bindparam("most")
    )
    hop = hop.union_all(onward)
    return select(hop.c.batch_id).where(hop.c.batch_id.is_not(None))


def _first(connection: Connection, lane: str, batch_id: str, count: int, now: datetime) -> Sequence[str]:
    """Return the ids of a batch's first ready jobs, locked."""
    mine = Job.batch_id.is_(None) if batch_id == NO_BATCH else Job.batch_id == batch_id
    statement = (
        select(Job.id)
        .where(READY, Job.lane == lane, mine, or_(Job.deadline.is_(None), Job.deadline > now))
        .order_by(*_IN_ORDER)  # PostgreSQL takes NULL for no constant, and would sort all without a batch
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    return connection.scalars(statement).all()
