"""Feeders that run: rescue, deadlines, leadership, nudges, and Redis being away."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
import redis
from sqlalchemy import Engine

from models import leases
from models.session import writing
from models.table import utcnow
from support.feeders import HOUR, Outbox, backlog, feeding_by, feeds, leader, live, nudge, soon
from support.jobs import claim, read
from support.redis_server import RedisServer
from worker.recording.lease import LEADER_KEY, LEADER_MS


def test_a_dead_workers_jobs_are_rescued_and_fed(database: Engine, redis_server: RedisServer) -> None:
    """Its lease ran out: its job is queued again, counted as rescued, and another worker hears of it."""
    live(database, "w1")
    live(database, "dead")
    (job_id,) = backlog(database, 1)
    claim(database, job_id, "dead")
    with writing(database) as connection:
        leases.renew(connection, "dead", utcnow() - HOUR)
    outbox = feeds(database, redis_server, lambda outbox: outbox.ids)
    assert outbox.ids == [job_id]
    assert (read(database, job_id).state, read(database, job_id).rescues) == ("queued", 1)


def test_an_overdue_job_expires_unasked(database: Engine, redis_server: RedisServer) -> None:
    """Its deadline passed in the backlog: it ends, and no message is spent on it."""
    live(database)
    (job_id,) = backlog(database, 1, deadline=utcnow() - HOUR)
    outbox = feeds(database, redis_server, lambda _: read(database, job_id).state == "expired")
    assert outbox.messages == []


def test_one_of_two_feeds_and_the_other_takes_over(sqlite: Engine, redis_server: RedisServer) -> None:
    """Only the leader feeds; when it stops, the other leads without waiting for a lease to end."""
    live(sqlite, capacity=100)
    first, second = Outbox(), Outbox()

    async def run() -> None:
        async with AsyncExitStack() as life:
            leading = await life.enter_async_context(AsyncExitStack())
            await leading.enter_async_context(feeding_by(sqlite, redis_server, first, "w1"))
            await soon(lambda: leader(redis_server) == "w1")
            await life.enter_async_context(feeding_by(sqlite, redis_server, second, "w2"))
            backlog(sqlite, 2)
            await soon(lambda: len(first.ids) == 2)
            for job_id in first.ids:
                claim(sqlite, job_id)
            await leading.aclose()
            assert (leader(redis_server), second.messages) in [(None, []), ("w2", [])]
            backlog(sqlite, 2, first=100)
            await soon(lambda: len(second.ids) == 2)
            assert leader(redis_server) == "w2"

    asyncio.run(run())


def test_a_leader_that_vanished_is_followed_within_seconds(sqlite: Engine, redis_server: RedisServer) -> None:
    """It said no word: its lease must end first."""
    live(sqlite, capacity=100)
    ids = backlog(sqlite, 2)
    with redis.Redis.from_url(redis_server.unix_url) as client:
        client.set(LEADER_KEY, "gone", px=LEADER_MS)
    outbox = feeds(sqlite, redis_server, lambda outbox: len(outbox.ids) == 2)
    assert outbox.ids == ids
    assert LEADER_MS <= 5000  # so "within seconds" is what happens


def test_a_nudge_wakes_the_leader_and_no_follower_takes_it(sqlite: Engine, redis_server: RedisServer) -> None:
    """Of two workers one waits for nudges, the leader, and each nudge brings the job that came with it."""
    live(sqlite, capacity=100)
    outbox = Outbox()

    async def run() -> None:
        async with feeding_by(sqlite, redis_server, outbox, "w1"):
            await soon(lambda: leader(redis_server) == "w1")
            async with feeding_by(sqlite, redis_server, Outbox(), "w2"):
                for number in range(5):
                    await soon(lambda: waiting_for_a_nudge(redis_server))
                    assert waiting_for_a_nudge(redis_server) == 1
                    (job_id,) = backlog(sqlite, 1, first=number)
                    nudge(redis_server)
                    await soon(lambda job_id=job_id: job_id in outbox.ids)
                    claim(sqlite, job_id, "w1")  # with nothing under way the leader waits for a nudge

    asyncio.run(run())


def waiting_for_a_nudge(server: RedisServer) -> int:
    """How many clients Redis holds in a BLPOP."""
    with redis.Redis.from_url(server.unix_url) as client:
        return int(client.info("clients")["blocked_clients"])


def test_redis_away_is_survived(sqlite: Engine, redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """It is killed and comes back empty: one line each way, and feeding goes on."""
    live(sqlite, capacity=100)
    outbox = Outbox()

    async def run() -> None:
        async with feeding_by(sqlite, redis_server, outbox):
            await soon(lambda: leader(redis_server))
            redis_server.stop()
            await soon(lambda: "feeding waits" in caplog.text)
            backlog(sqlite, 2)
            redis_server.start()
            await soon(lambda: len(outbox.ids) >= 2)
            await soon(lambda: "feeding goes on" in caplog.text)

    asyncio.run(run())
    assert caplog.text.count("feeding waits") == 1
