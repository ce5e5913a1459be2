"""Making the batch of an input hold exactly the input's lines, each once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, Engine

from mmq.run.identity import JobKeys
from mmq.run.intake import Intake
from models import acceptance, membership, reopening, transitions
from models.identity import new_id
from models.job import Job
from models.session import reading, writing
from models.table import utcnow
from tasks.enqueue import Entrance
from tasks.order import Order

JOBS_A_TRANSACTION = 1000


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an input brought: lines that are new, lines that had been accepted before, and waiting jobs withdrawn since
    their lines are gone or changed.
    """

    batch_id: str
    new: int
    known: int
    withdrawn: int


def open_batch(database: Engine, name: str, key: str, *, fresh: bool) -> str:
    """Return the batch of this key. `fresh` begins a new one, and withdraws what still waits in the old one."""
    now = utcnow()
    with writing(database) as connection:
        if fresh and (old := membership.release(connection, key)):
            transitions.cancel(connection, Job.batch_id == old, now)
        return acceptance.open_batch(connection, new_id(), name, key, now)


def accept(entrance: Entrance, intake: Intake, batch_id: str, lane: str) -> Accepted:
    """Enqueue the lines that are new to the batch, and let those go that are no longer among its input's.

    Raises:
        QueueFull: the lane's bound leaves no room for the new lines, of which none is enqueued then; or, where others
            filled it meanwhile, not for all. The same input again goes on.
    """
    database = entrance.database
    if lane in entrance.bounds.most:
        coming = _coming(database, intake, batch_id)
        with reading(database) as connection:
            entrance.bounds.foresee(connection, lane, coming)
    new, keys = 0, JobKeys(batch_id)
    for lines in intake.lines(JOBS_A_TRANSACTION):
        orders = [
            Order(
                request=request,
                lane=lane,
                custom_id=custom_id,
                position=number,
                idempotency_key=keys.of(number, custom_id, request),
            )
            for number, custom_id, request in lines
        ]
        jobs = entrance.enqueue(orders, batch_id)
        if len(jobs) < len(orders):
            _rejoin(database, batch_id, orders)
        new += len(jobs)
    return Accepted(batch_id, new, intake.good - new, _let_go(database, intake, batch_id))


def _coming(database: Engine, intake: Intake, batch_id: str) -> int:
    """Return how many lines are not in the batch yet. What is in it and no longer a line makes no room for them."""
    with reading(database) as connection:
        known = {key for _, key in membership.keys(connection, batch_id)}
    keys = JobKeys(batch_id)
    if not known:
        return intake.good
    return sum(keys.of(*line) not in known for lines in intake.lines(JOBS_A_TRANSACTION) for line in lines)


def _rejoin(database: Engine, batch_id: str, orders: Sequence[Order]) -> None:
    places = {str(order.idempotency_key): (order.position, order.custom_id) for order in orders}
    with writing(database) as connection:
        if back := membership.join(connection, batch_id, places):
            # Withdrawn when their lines had changed, and now the lines are as they were.
            reopening.reopen(connection, Job.id.in_(back) & (Job.state == "cancelled"), utcnow())


def _let_go(database: Engine, intake: Intake, batch_id: str) -> int:
    """Withdraw jobs whose lines are gone. Return how many of them still waited."""
    with reading(database) as connection:
        if membership.size(connection, batch_id) == intake.good:
            return 0
        gone = iter(list(_gone(connection, intake, batch_id)))
    withdrawn = 0
    while some := list(islice(gone, JOBS_A_TRANSACTION)):
        with writing(database) as connection:
            withdrawn += len(transitions.cancel(connection, Job.id.in_(some), utcnow()))
            membership.leave(connection, some)
    return withdrawn


def _gone(connection: Connection, intake: Intake, batch_id: str) -> Iterator[str]:
    keys = JobKeys(batch_id)
    present = {keys.of(*line) for lines in intake.lines(JOBS_A_TRANSACTION) for line in lines}
    return (job_id for job_id, key in membership.keys(connection, batch_id) if key not in present)
