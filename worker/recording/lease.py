"""The worker's lease on its jobs, and the one leader among the workers.

The lease is a row in SQL, since what it guards is in SQL: as long as it is renewed, nobody rescues this worker's jobs.
It is written and judged by the database's clock, so that hosts whose clocks differ do not bury the living.
Leadership, which only saves work, is a key in Redis: two leaders for a moment would feed some jobs twice, and claiming
sorts that out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import Connection

from models import burial, clock, feeding, leases, pausing, set_limits
from models.table import Row

LEASE = timedelta(seconds=15)  # a worker that is silent for so long is taken for dead
HEARTBEAT_S = 3.0  # so that four heartbeats may fail before the lease runs out
LEADER_MS = 3000  # another worker leads at most this long after a leader died
LEADER_KEY = "mmq:leader"


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat brings back: `holds` are the ids of the jobs that are the worker's, with their claims."""

    renewed: bool
    holds: Mapping[str, int]
    pauses: Sequence[Row]
    set_limits: Sequence[Row]


def register(connection: Connection, worker: dict[str, Any]) -> None:
    """Insert the worker with a fresh lease, or renew the lease that a repeated write finds."""
    now = clock.now(connection)
    if not leases.renew(connection, worker["id"], now + LEASE):
        leases.register(connection, {**worker, "started_at": now, "lease_until": now + LEASE})


def beat(connection: Connection, worker_id: str) -> Beat:
    """Renew the lease of all jobs of a worker, in one row, and read what it still holds and what people steer."""
    renewed = leases.renew(connection, worker_id, clock.now(connection) + LEASE)
    held = leases.holds(connection, worker_id)
    return Beat(renewed, held, pausing.paused(connection), set_limits.all_set(connection))


def leave(connection: Connection, worker_id: str, hints: Sequence[str], quarantine_after: int) -> None:
    """End the worker's lease now. Jobs that it was told of but did not claim are fed to others at once."""
    now = clock.now(connection)
    if hints:
        feeding.unfeed(connection, hints)
    leases.renew(connection, worker_id, now)
    burial.bury(
        connection, [worker_id], now, quarantine_after
    )  # it holds nothing any more; what a fault left is given back here


async def lead(redis: Redis, worker_id: str) -> bool:
    """Return whether this worker leads for the next moments, taking or keeping the leadership."""
    if await redis.set(LEADER_KEY, worker_id, nx=True, px=LEADER_MS):
        return True
    if await redis.get(LEADER_KEY) != worker_id.encode():
        return False
    # Should another have taken over since the GET, this only makes its lease a moment longer.
    return bool(await redis.pexpire(LEADER_KEY, LEADER_MS))


async def resign(redis: Redis, worker_id: str) -> None:
    """Give up the leadership, so that another need not wait for it to lapse."""
    if await redis.get(LEADER_KEY) == worker_id.encode():
        await redis.delete(LEADER_KEY)
