"""Feeders for tests, with a recording `publish`, and what they feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import redis
from sqlalchemy import Engine

from models import leases, queries
from models.session import reading, writing
from models.table import utcnow
from support.jobs import new_job, queue
from support.redis_server import RedisServer
from support.waiting import eventually
from worker.admission.connection import connect
from worker.feeding.feed import NUDGE_KEY, Feeder
from worker.recording.lease import LEADER_KEY

HOUR = timedelta(hours=1)


class Outbox:
    """What was published. With `refuse` set, publishing raises it."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, list[str]]] = []
        self.refuse: Exception | None = None

    def __call__(self, lane: str, ids: Sequence[str]) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.messages.append((str(lane), list(ids)))

    @property
    def ids(self) -> list[str]:
        return [job_id for _, ids in self.messages for job_id in ids]


def live(
    database: Engine,
    worker_id: str = "w1",
    *,
    host: str = "host",
    lanes: str = "default,bulk",
    capacity: int = 4,
    ends: timedelta = HOUR,
) -> None:
    """Let a worker live."""
    now = utcnow()
    row = {"id": worker_id, "name": f"celery@{host}", "pid": 1, "lanes": lanes, "capacity": capacity, "started_at": now}
    with writing(database) as connection:
        leases.register(connection, {**row, "lease_until": now + ends})


def backlog(database: Engine, count: int, first: int = 0, **changes: Any) -> list[str]:
    """Queue so many jobs, and return their ids in order."""
    jobs = [new_job(number, **changes) for number in range(first, first + count)]
    queue(database, *jobs)
    return [job.id for job in jobs]


def fed(database: Engine) -> set[str]:
    """The ids of the jobs that have a message under way."""
    with reading(database) as connection:
        rows = [queries.job(connection, f"job-{number}") for number in range(200)]
    return {row.id for row in rows if row is not None and row.fed_at is not None}


@asynccontextmanager
async def feeding_by(
    database: Engine, server: RedisServer, outbox: Outbox, worker_id: str = "w1"
) -> AsyncIterator[Feeder]:
    """A feeder that runs for the time of a block."""
    client = connect(server.unix_url)
    feeder = Feeder(database, client, outbox, worker_id)
    running = asyncio.create_task(feeder.run())
    try:
        yield feeder
    finally:
        while not running.done():
            running.cancel()
            await asyncio.wait([running], timeout=0.2)
        await client.aclose()
    assert running.cancelled()


async def soon(condition: Callable[[], Any]) -> None:
    """Wait on a condition beside the loop."""
    await asyncio.to_thread(eventually, condition)


def feeds(database: Engine, server: RedisServer, until: Callable[[Outbox], Any]) -> Outbox:
    """Feed until a condition holds."""
    outbox = Outbox()

    async def run() -> None:
        async with feeding_by(database, server, outbox):
            await soon(lambda: until(outbox))

    asyncio.run(run())
    return outbox


def leader(server: RedisServer) -> str | None:
    """Who leads."""
    with redis.Redis.from_url(server.unix_url, decode_responses=True) as client:
        name: str | None = client.get(LEADER_KEY)
        return name


def nudge(server: RedisServer) -> None:
    """Do what a producer does."""
    with redis.Redis.from_url(server.unix_url) as client:
        client.lpush(NUDGE_KEY, 1)
