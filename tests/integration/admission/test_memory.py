"""What was learned about limits outlives Redis, and can be forgotten."""

from __future__ import annotations

import asyncio
import logging

from redis.asyncio import Redis
from sqlalchemy import text

from models import learned_limit
from models.session import open_database, reading, writing
from models.table import utcnow
from support.admission_desk import BUDGET
from worker.admission.admission import Admission
from worker.admission.connection import connect
from worker.admission.learning import Learned, Lessons
from worker.admission.limits import Limits
from worker.admission.memory import Memory
from worker.admission.reset import forget
from worker.admission.status import read_status

LIMITS = Limits(rpm=60_000, concurrency=20)


async def refused(redis: Redis, memory: Memory) -> Lessons:
    """A worker with five calls under way is refused for its concurrency, and ends."""
    admission = Admission(redis, worker="taught", memory=memory)
    held = [await admission.acquire(BUDGET, LIMITS, lane="bulk", tokens=1) for _ in range(6)]
    await admission.refuse(held[5], "concurrency", 0.0)
    for reservation in held[:5]:
        await admission.settle(reservation, 1)
    await admission.release(await admission.acquire(BUDGET, LIMITS, lane="bulk", tokens=1))
    lessons = (await read_status(redis, BUDGET)).lessons
    await admission.close()
    return lessons


def test_a_flushed_redis_is_taught_before_the_first_call_of_a_new_worker(server, database):
    """What the first worker learned holds for the second, though Redis knows nothing."""

    async def scenario() -> None:
        redis = connect(server.unix_url)
        taught = await refused(redis, Memory(database))
        assert taught.concurrency.value == 5
        await redis.flushall()
        admission = Admission(redis, worker="successor", memory=Memory(database))
        await admission.release(await admission.acquire(BUDGET, LIMITS, lane="bulk", tokens=1))
        status = await read_status(redis, BUDGET)
        assert (status.lessons.concurrency.value, status.concurrency) == (5, 5)
        await admission.close()
        await redis.aclose()

    asyncio.run(scenario())


def test_a_worker_teaches_a_redis_that_is_flushed_under_it(server):
    """Its own copy is enough: no database is asked."""

    async def scenario() -> None:
        redis = connect(server.unix_url)
        admission = Admission(redis, worker="taught")
        held = [await admission.acquire(BUDGET, LIMITS, lane="bulk", tokens=1) for _ in range(6)]
        await admission.refuse(held[5], "concurrency", 0.0)
        for reservation in held[:5]:
            await admission.settle(reservation, 1)
        await admission.release(await admission.acquire(BUDGET, LIMITS, lane="bulk", tokens=1))
        await redis.flushall()
        await admission.release(await admission.acquire(BUDGET, LIMITS, lane="bulk", tokens=1))
        assert (await read_status(redis, BUDGET)).lessons.concurrency.value == 5
        await admission.close()
        await redis.aclose()

    asyncio.run(scenario())


def test_what_was_learned_can_be_forgotten(server, database):
    """Nothing is left in Redis nor in SQL, and the told limits hold."""

    async def scenario() -> None:
        redis = connect(server.unix_url)
        await refused(redis, Memory(database))
        await forget(redis, database, BUDGET)
        assert (await read_status(redis, BUDGET)).lessons == Lessons()
        await redis.aclose()

    asyncio.run(scenario())
    with reading(database) as connection:
        assert learned_limit.recall(connection, BUDGET.account, BUDGET.model) == {}


def test_what_could_not_be_forgotten_in_sql_is_forgotten_when_it_is_back(database):
    """A lesson that has ended while its table is gone would else be believed by the next Redis."""
    taught = Lessons(concurrency=Learned(value=5, top=5))

    def rename(old: str, new: str) -> None:
        with database.begin() as connection:
            connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    async def scenario() -> None:
        memory = Memory(database)
        memory.note(BUDGET, taught.text)
        await memory.close()
        rename("learned_limits", "gone")
        memory.note(BUDGET, Lessons().text)
        await memory.close()
        rename("gone", "learned_limits")
        assert await Memory(database).load(BUDGET) == taught.text
        await memory.close()
        assert await Memory(database).load(BUDGET) == ""

    asyncio.run(scenario())


def test_the_newest_lesson_is_the_one_that_stays(database):
    """One write of a budget at a time: a second beside one that waits for a lock might overtake it."""
    older, newer = (Lessons(concurrency=Learned(value=value, top=value)) for value in (5, 3))

    async def scenario() -> None:
        memory = Memory(database)
        with writing(database) as connection:
            learned_limit.remember(connection, BUDGET.account, BUDGET.model, rows(7), utcnow())
            memory.note(BUDGET, older.text)
            memory.note(BUDGET, newer.text)
            closing = asyncio.create_task(memory.close())
            await asyncio.sleep(0)
            writes = [task for task in asyncio.all_tasks() if task.get_name() == "remember limits"]
        await closing
        assert len(writes) == 1
        assert await Memory(database).load(BUDGET) == newer.text

    asyncio.run(scenario())


def rows(value: float) -> dict[str, dict[str, float]]:
    """Return a lesson as SQL keeps it."""
    return {"concurrency": dict.fromkeys(learned_limit.FIGURES, value)}


def test_a_database_that_is_away_stops_no_call(server, tmp_path, caplog):
    """Its absence is told, the call goes out, and nothing is learned from it."""
    caplog.set_level(logging.WARNING)
    away = open_database(f"sqlite:///{tmp_path / 'missing' / 'mmq.sqlite3'}")

    async def scenario() -> None:
        redis = connect(server.unix_url)
        assert (await refused(redis, Memory(away))).concurrency.value == 5
        await redis.aclose()

    asyncio.run(scenario())
    away.dispose()
    assert [word for word in ("be read", "not written") if word not in caplog.text] == []
