"""Single turns of a feeder, with a recording `publish`: windows, messages, pauses, and what is fed again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import redis
from sqlalchemy import Engine

from models import feeding, pause, pausing, transitions
from models.lane import Lane
from models.session import open_database, writing
from models.table import utcnow
from support.feeders import HOUR, Outbox, backlog, fed, live
from support.jobs import NOW, claim
from support.redis_server import RedisServer
from worker.admission.connection import connect
from worker.feeding.feed import EPOCH_KEY, IDLE_S, STARTING_S, Feeder
from worker.recording import lease


def turn(database: Engine, server: RedisServer, outbox: Outbox, turns: int = 1) -> None:
    """Let a feeder do single turns, as many times as asked."""

    async def run() -> None:
        client = connect(server.unix_url)
        feeder = Feeder(database, client, outbox, "w1")
        try:
            for _ in range(turns):
                assert await lease.lead(client, "w1")
                await feeder._look_after()
                await asyncio.to_thread(feeder._feed)
        finally:
            await client.aclose()

    asyncio.run(run())


def test_a_window_grows_with_what_is_claimed(database: Engine, redis_server: RedisServer) -> None:
    """At least two, more when those were claimed, at most two for each of 25 calls."""
    live(database, capacity=25)
    ids = backlog(database, 110)

    async def run() -> None:
        outbox = Outbox()
        client = connect(redis_server.unix_url)
        feeder = Feeder(database, client, outbox, "w1")
        await feeder._look_after()
        sizes = []
        for _ in range(4):
            before = len(outbox.ids)
            await asyncio.to_thread(feeder._feed)
            await asyncio.to_thread(feeder._feed)  # nothing was claimed since: nothing more is fed
            sizes.append(len(outbox.ids) - before)
            with writing(database) as connection:
                transitions.claim(connection, outbox.ids[before:], "w1", NOW)
        assert outbox.ids == ids[: sum(sizes)]
        assert sizes[0] == 2
        assert sizes[0] < sizes[-1] <= 50  # how fast it grows there is up to the machine
        await client.aclose()

    asyncio.run(run())


def test_a_lane_that_starts_is_looked_at_again_soon(sqlite: Engine, redis_server: RedisServer) -> None:
    """Its window grows with each look; a paused one has none to grow."""
    live(sqlite, capacity=25)
    backlog(sqlite, 3)

    async def run() -> list[float]:
        client = connect(redis_server.unix_url)
        outbox = Outbox()
        feeder = Feeder(sqlite, client, outbox, "w1")
        await feeder._look_after()
        waits = [await asyncio.to_thread(feeder._feed)]
        with writing(sqlite) as connection:
            transitions.claim(connection, outbox.ids, "w1", NOW)
            pausing.pause(connection, pause.LANE, "bulk", utcnow())
        waits.append(await asyncio.to_thread(feeder._feed))
        await client.aclose()
        return waits

    assert asyncio.run(run()) == [STARTING_S, IDLE_S]


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
        live(sqlite, f"w{number}", lanes=lane)
    ids = [str(number) for number in range(jobs)]

    async def run() -> None:
        client = connect(redis_server.unix_url)
        feeder = Feeder(sqlite, client, Outbox(), "w1")
        await feeder._look_after()
        messages = feeder._messages(Lane(lane), ids)
        assert [job_id for message in messages for job_id in message] == ids
        assert [len(message) for message in messages] == sizes
        await client.aclose()

    asyncio.run(run())


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
    backlog(sqlite, 2)
    others = backlog(sqlite, 2, first=10, lane="default")
    with writing(sqlite) as connection:
        pausing.pause(connection, pause.LANE, "bulk", utcnow())
    outbox = Outbox()
    turn(sqlite, redis_server, outbox)
    assert outbox.ids == others


@pytest.mark.parametrize("probe_at", [None, HOUR])
def test_a_paused_account_gets_nothing(sqlite: Engine, redis_server: RedisServer, probe_at: timedelta | None) -> None:
    """Neither for want of a person, nor before its probe is due."""
    live(sqlite)
    backlog(sqlite, 3)
    with writing(sqlite) as connection:
        pausing.pause(connection, pause.ACCOUNT, "default", utcnow(), probe_at=probe_at and utcnow() + probe_at)
    outbox = Outbox()
    turn(sqlite, redis_server, outbox, turns=2)
    assert outbox.messages == []


def test_one_job_of_all_lanes_probes_a_paused_account(sqlite: Engine, redis_server: RedisServer) -> None:
    """Its probe is due: one job goes, and even when it was claimed no other follows before its answer."""
    live(sqlite)
    backlog(sqlite, 2)
    backlog(sqlite, 3, first=10, lane="default")
    with writing(sqlite) as connection:
        pausing.pause(connection, pause.ACCOUNT, "default", utcnow(), probe_at=utcnow())

    async def run() -> None:
        outbox = Outbox()
        client = connect(redis_server.unix_url)
        feeder = Feeder(sqlite, client, outbox, "w1")
        await feeder._look_after()
        await asyncio.to_thread(feeder._feed)
        assert outbox.ids == ["job-10"]
        claim(sqlite, "job-10")
        await asyncio.to_thread(feeder._feed)
        assert outbox.ids == ["job-10"]
        with writing(sqlite) as connection:
            pausing.resume(connection, pause.ACCOUNT, "default")
        await asyncio.to_thread(feeder._feed)
        assert len(outbox.ids) == 5
        await client.aclose()

    asyncio.run(run())


def test_what_a_flush_lost_is_fed_again(database: Engine, redis_server: RedisServer) -> None:
    """Redis forgot every message: the jobs that nobody claimed get new ones, the claimed one does not."""
    live(database)
    ids = backlog(database, 2)
    outbox = Outbox()
    turn(database, redis_server, outbox)
    claim(database, ids[0])
    redis_server.stop()
    redis_server.start()
    turn(database, redis_server, outbox)
    assert outbox.ids == [*ids, *ids[1:]]


def test_what_a_replica_that_took_over_may_lack_is_fed_again(sqlite: Engine, redis_server: RedisServer) -> None:
    """It copied the mark of its master, whose newest messages it may never have got."""
    live(sqlite)
    ids = backlog(sqlite, 2)
    outbox = Outbox()
    turn(sqlite, redis_server, outbox)
    with redis.Redis.from_url(redis_server.unix_url) as client:
        client.set(EPOCH_KEY, "the run id of the master that died")
    turn(sqlite, redis_server, outbox)
    turn(sqlite, redis_server, outbox)
    assert outbox.ids == [*ids, *ids]


def test_a_redis_that_may_not_be_asked_which_it_is_is_fed_all_the_same(
    sqlite: Engine, redis_server: RedisServer
) -> None:
    """An ACL without the dangerous commands forbids INFO; a flush is still noticed."""
    live(sqlite)
    ids = backlog(sqlite, 2)
    outbox = Outbox()
    with redis.Redis.from_url(redis_server.unix_url) as client:
        client.execute_command("ACL", "SETUSER", "default", "-info")
        turn(sqlite, redis_server, outbox)
        client.flushall()
    turn(sqlite, redis_server, outbox)
    turn(sqlite, redis_server, outbox)
    assert outbox.ids == [*ids, *ids]


def test_a_flush_is_not_forgotten_while_the_database_is_away(sqlite: Engine, redis_server: RedisServer) -> None:
    """The mark of a new Redis is set only once its consequence is committed."""
    live(sqlite)
    ids = backlog(sqlite, 2)
    outbox = Outbox()
    turn(sqlite, redis_server, outbox)

    async def run() -> None:
        client = connect(redis_server.unix_url)
        await client.flushall()
        elsewhere = sqlite.url.set(database="/nowhere/at/all.db")
        away = Feeder(open_database(elsewhere.render_as_string()), client, outbox, "w1")
        with pytest.raises(Exception, match="unable to open"):
            await away._look_after()
        assert not await client.exists(EPOCH_KEY)
        await client.aclose()

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


def lose(database: Engine, server: RedisServer, lie: int) -> list[str]:
    """Two jobs, fed 31 and 15 s ago, and so many messages that lie in the lane's queue."""
    live(database)
    ids = backlog(database, 2)
    with writing(database) as connection:
        feeding.mark_fed(connection, ids[:1], utcnow() - timedelta(seconds=31))
        feeding.mark_fed(connection, ids[1:], utcnow() - timedelta(seconds=15))
    with redis.Redis.from_url(server.unix_url) as client:
        client.set(EPOCH_KEY, client.info("server")["run_id"])
        for _ in range(lie):
            client.lpush("bulk", "a message")
    return ids


def test_a_message_that_nobody_claimed_for_long_is_sent_again(sqlite: Engine, redis_server: RedisServer) -> None:
    """The queue is empty, so it was lost on its way; one that was sent 15 s ago may still arrive."""
    ids = lose(sqlite, redis_server, lie=0)
    outbox = Outbox()
    turn(sqlite, redis_server, outbox)
    assert outbox.ids == ids[:1]


def test_a_message_that_waits_for_busy_workers_is_not_sent_again(sqlite: Engine, redis_server: RedisServer) -> None:
    """It still lies in the queue, since all workers have their hands full of long calls."""
    lose(sqlite, redis_server, lie=2)
    outbox = Outbox()
    turn(sqlite, redis_server, outbox, turns=3)
    assert outbox.messages == []
