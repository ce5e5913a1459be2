"""Single turns of a feeder, with a recording `publish`: windows, messages, pauses, and what is fed again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from models import feeding, pause
from models.session import open_database, writing
from models.table import utcnow
from support.feeders import HOUR, Outbox, backlog, fed, live
from support.jobs import claim
from support.redis_server import RedisServer
from worker import lease
from worker.admission.connection import connect
from worker.feed import EPOCH_KEY, Feeder


def turn(database: Engine, server: RedisServer, outbox: Outbox, turns: int = 1) -> None:
    """Let a feeder do single turns, as many times as asked."""

    async def run() -> None:
        redis = connect(server.unix_url)
        feeder = Feeder(database, redis, outbox, "w1")
        try:
            for _ in range(turns):
                assert await lease.lead(redis, "w1")
                await feeder._look_after()
                await asyncio.to_thread(feeder._feed)
        finally:
            await redis.aclose()

    asyncio.run(run())


def test_a_window_is_two_jobs_a_call_lowest_rank_first(database: Engine, redis_server: RedisServer) -> None:
    """Four calls: eight of thirty jobs are fed, and no more until some were claimed."""
    live(database, capacity=4)
    ids = backlog(database, 30)
    outbox = Outbox()
    turn(database, redis_server, outbox, turns=3)
    assert outbox.ids == ids[:8]
    assert fed(database) == set(ids[:8])


def test_a_window_is_topped_up_in_steps_of_a_quarter(database: Engine, redis_server: RedisServer) -> None:
    """One claimed job of eight makes no message, two do."""
    live(database, capacity=4)
    ids = backlog(database, 30)
    outbox = Outbox()
    turn(database, redis_server, outbox)
    claim(database, ids[0])
    turn(database, redis_server, outbox)
    assert outbox.ids == ids[:8]
    claim(database, ids[1])
    turn(database, redis_server, outbox)
    assert outbox.ids == ids[:10]


@pytest.mark.parametrize(
    ("lane", "workers", "jobs", "sizes"),
    [
        ("bulk", 1, 100, [50, 50]),
        ("bulk", 4, 100, [13] * 7 + [9]),
        ("bulk", 1, 1, [1]),
        ("bulk", 1, 7, [4, 3]),
        ("interactive", 1, 5, [1] * 5),
    ],
)
def test_messages_are_large_but_leave_each_worker_its_share(
    sqlite: Engine, redis_server: RedisServer, lane: str, workers: int, jobs: int, sizes: list[int]
) -> None:
    """Two messages a worker, fifty jobs at most; interactive jobs travel alone."""
    for number in range(workers):
        live(sqlite, f"w{number}", lanes=lane, capacity=100)
    backlog(sqlite, jobs, lane=lane)
    outbox = Outbox()
    turn(sqlite, redis_server, outbox)
    assert [len(ids) for _, ids in outbox.messages] == sizes


def test_a_lane_that_nobody_serves_is_not_fed(sqlite: Engine, redis_server: RedisServer) -> None:
    """A worker of other lanes, or one whose lease ran out, gives no window."""
    live(sqlite, "w1", lanes="default,bulk")
    live(sqlite, "w2", lanes="interactive", ends=-HOUR)
    backlog(sqlite, 5, lane="interactive")
    outbox = Outbox()
    turn(sqlite, redis_server, outbox)
    assert outbox.messages == []


def test_a_paused_lane_gets_nothing_and_the_others_go_on(sqlite: Engine, redis_server: RedisServer) -> None:
    """A person paused `bulk`."""
    live(sqlite)
    backlog(sqlite, 3)
    others = backlog(sqlite, 3, first=10, lane="default")
    with writing(sqlite) as connection:
        pause.pause(connection, pause.LANE, "bulk", utcnow())
    outbox = Outbox()
    turn(sqlite, redis_server, outbox)
    assert outbox.ids == others


@pytest.mark.parametrize("probe_at", [None, HOUR])
def test_a_paused_account_gets_nothing(sqlite: Engine, redis_server: RedisServer, probe_at: timedelta | None) -> None:
    """Neither for want of a person, nor before its probe is due."""
    live(sqlite)
    backlog(sqlite, 3)
    with writing(sqlite) as connection:
        pause.pause(connection, pause.ACCOUNT, "default", utcnow(), probe_at=probe_at and utcnow() + probe_at)
    outbox = Outbox()
    turn(sqlite, redis_server, outbox, turns=2)
    assert outbox.messages == []


def test_one_job_of_all_lanes_probes_a_paused_account(sqlite: Engine, redis_server: RedisServer) -> None:
    """Its probe is due: one job goes, and even when it was claimed no other follows before its answer."""
    live(sqlite)
    backlog(sqlite, 3)
    backlog(sqlite, 3, first=10, lane="default")
    with writing(sqlite) as connection:
        pause.pause(connection, pause.ACCOUNT, "default", utcnow(), probe_at=utcnow())

    async def run() -> None:
        outbox = Outbox()
        redis = connect(redis_server.unix_url)
        feeder = Feeder(sqlite, redis, outbox, "w1")
        await feeder._look_after()
        await asyncio.to_thread(feeder._feed)
        assert outbox.ids == ["job-10"]
        claim(sqlite, "job-10")
        await asyncio.to_thread(feeder._feed)
        assert outbox.ids == ["job-10"]
        with writing(sqlite) as connection:
            pause.resume(connection, pause.ACCOUNT, "default")
        await asyncio.to_thread(feeder._feed)
        assert len(outbox.ids) == 6
        await redis.aclose()

    asyncio.run(run())


def test_what_a_flush_lost_is_fed_again(database: Engine, redis_server: RedisServer) -> None:
    """Redis forgot every message: the jobs that nobody claimed get new ones, the claimed one does not."""
    live(database)
    ids = backlog(database, 4)
    outbox = Outbox()
    turn(database, redis_server, outbox)
    claim(database, ids[0])
    redis_server.stop()
    redis_server.start()
    turn(database, redis_server, outbox)
    assert outbox.ids == [*ids, *ids[1:]]


def test_a_flush_is_not_forgotten_while_the_database_is_away(sqlite: Engine, redis_server: RedisServer) -> None:
    """The mark of a new Redis is set only once its consequence is committed."""
    live(sqlite)
    ids = backlog(sqlite, 2)
    outbox = Outbox()
    turn(sqlite, redis_server, outbox)

    async def run() -> None:
        redis = connect(redis_server.unix_url)
        await redis.flushall()
        elsewhere = sqlite.url.set(database="/nowhere/at/all.db")
        away = Feeder(open_database(elsewhere.render_as_string()), redis, outbox, "w1")
        with pytest.raises(Exception, match="unable to open"):
            await away._look_after()
        assert not await redis.exists(EPOCH_KEY)
        await redis.aclose()

    asyncio.run(run())
    turn(sqlite, redis_server, outbox)
    assert outbox.ids == [*ids, *ids]


def test_what_could_not_be_published_is_not_taken_for_fed(sqlite: Engine, redis_server: RedisServer) -> None:
    """The broker refuses: the jobs wait in SQL for the next turn, not for a message that never was."""
    live(sqlite)
    backlog(sqlite, 2)
    outbox = Outbox()
    outbox.refuse = ConnectionError("refused")
    with pytest.raises(ConnectionError):
        turn(sqlite, redis_server, outbox)
    assert fed(sqlite) == set()


def test_a_message_that_nobody_claimed_for_a_minute_is_sent_again(sqlite: Engine, redis_server: RedisServer) -> None:
    """It was lost on its way; one that was sent half a minute ago was not."""
    live(sqlite)
    ids = backlog(sqlite, 2)
    with writing(sqlite) as connection:
        feeding.mark_fed(connection, ids[:1], utcnow() - timedelta(seconds=61))
        feeding.mark_fed(connection, ids[1:], utcnow() - timedelta(seconds=30))
    outbox = Outbox()

    async def run() -> None:
        redis = connect(redis_server.unix_url)
        await redis.set(EPOCH_KEY, "w1")
        await redis.aclose()

    asyncio.run(run())
    turn(sqlite, redis_server, outbox)
    assert outbox.ids == ids[:1]
