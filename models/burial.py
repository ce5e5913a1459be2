"""Burying dead workers: their jobs go back into their lanes, but for those that may be what kills them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from models import ledger, transitions
from models.transitions import Failure
from models.worker import Worker

QUARANTINE_AFTER = 5  # calls of one job that were begun and lost with their workers
SHOWN = 10  # of them in a failure's message
REMEDY = (
    "find out what ended these workers (memory, a crash, somebody's kill); if it was not this job, `mmq retry` gives "
    "it new tries"
)


@dataclass(frozen=True, slots=True)
class Burial:
    """The ids of the jobs that dead workers held: back in their lanes, and failed as `quarantined`."""

    rescued: Sequence[str] = ()
    quarantined: Sequence[str] = ()


def bury(
    connection: Connection, worker_ids: Sequence[str], now: datetime, quarantine_after: int = QUARANTINE_AFTER
) -> Burial:
    """Rescue the jobs of dead workers, close their calls as lost, and forget the workers.

    A job whose calls were lost so for the `quarantine_after`th time fails instead; one whose call was not even begun
    never does. At most one of a job's losses is of a call that was written as begun before it was admitted:
    `worker.running.execution` begins only a job's first call so early.
    Leaves out a worker whose lease holds at `now`: it renewed after it was found expired.
    """
    # PostgreSQL: locked, so that claims and renewals under way are seen, and two buriers do not share a grave.
    lapsed = select(Worker.id).where(Worker.id.in_(worker_ids), Worker.lease_until <= now)
    dead = connection.scalars(lapsed.order_by(Worker.id).with_for_update()).all()
    if not dead:
        return Burial()
    losses = transitions.count_losses(connection, dead)
    suspects = sorted(job_id for job_id, lost in losses.items() if lost >= quarantine_after)
    rescued = transitions.rescue(connection, dead, now, but=suspects)
    ledger.mark_lost(connection, dead, now)
    for job_id in suspects:
        transitions.quarantine(connection, job_id, _evidence(connection, job_id, losses[job_id]), now)
    if rescued or suspects:
        ledger.recount(connection, [*rescued, *suspects])
    connection.execute(delete(Worker).where(Worker.id.in_(dead)))
    return Burial(rescued, suspects)


def _evidence(connection: Connection, job_id: str, losses: int) -> Failure:
    lost = ledger.last_lost(connection, job_id, min(losses, SHOWN))
    deaths = "; ".join(f"{row.finished_at:%Y-%m-%d %H:%M:%S} UTC, {row.message}" for row in lost)
    return Failure("quarantined", f"calls begun and lost with their workers: {losses}: {deaths}", REMEDY)
