"""The Python API on an asyncio loop: as `Queue`, and nobody else's turn is taken while it waits."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event
from sqlalchemy.exc import OperationalError

from mmq import AsyncQueue, InvalidRequest, JobFailed, NotFound, Queue, QueueFull, Unavailable
from mmq.async_handles import _in_turns
from mmq.lookout import Lookout
from models.job import Job
from models.session import open_database, writing
from support.engine import Rig, running

LIMIT_S = 20.0  # it is only reached when the test fails anyway


def play(rig: Rig, scene: Callable[[AsyncQueue], Awaitable[Any]], **environ: str) -> Any:
    """Run a scene with a queue of its own."""

    async def run() -> Any:
        async with AsyncQueue(rig.settings(**environ)) as queue:
            return await scene(queue)

    return asyncio.run(run())


@pytest.mark.parametrize("name", ["submit", "submit_many"])
def test_it_takes_what_the_queue_takes(name: str) -> None:
    """Its arguments are not spelled again, and so cannot differ; editors show them all the same."""
    ours, theirs = inspect.signature(getattr(AsyncQueue, name)), inspect.signature(getattr(Queue, name))
    assert ours.parameters == theirs.parameters
    assert len(theirs.parameters) > 3
    assert getattr(AsyncQueue, name).__doc__ == getattr(Queue, name).__doc__


def test_many_wait_at_once_by_a_few_looks(rig: Rig) -> None:
    """A hundred jobs are awaited, each gets its own answer, and a look asks for all of them together."""
    looks: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        looks.append(statement)

    async def scene(queue: AsyncQueue) -> list[str]:
        jobs = [await queue.submit(f"Number {number}", custom_id=f"c-{number}") for number in range(100)]
        event.listen(queue.queue.database, "before_cursor_execute", note)
        waiting = [asyncio.create_task(job.wait(LIMIT_S)) for job in jobs]
        assert await jobs[0].state() in {"queued", "running", "succeeded"}
        results = await asyncio.gather(*waiting)
        assert all(result.text for result in results)
        assert [result.job_id for result in results] == [job.id for job in jobs]
        return [str(result.custom_id) for result in results]

    with running(rig, MMQ_RPM="60000"):
        assert play(rig, scene) == [f"c-{number}" for number in range(100)]
    own = [statement for statement in looks if "finished_at IS NOT NULL" in statement]
    assert 0 < len(own) < 100


def test_what_ends_without_an_answer_raises_as_it_does_elsewhere(rig: Rig) -> None:
    """Refused at submission, failed, unknown, or not yet ended: the same errors as the queue's."""

    async def scene(queue: AsyncQueue) -> None:
        with pytest.raises(InvalidRequest):
            await queue.submit("")
        with pytest.raises(NotFound, match="nothing"):
            await queue.job("nothing").wait(LIMIT_S)
        refused = await queue.submit("Bad words [[mmq:1026]]")
        with pytest.raises(JobFailed, match="1026"):
            await refused.wait(LIMIT_S)
        with pytest.raises(JobFailed, match="1026"):
            await refused.wait(0)  # it has ended: whoever looks now and then sees it

    with running(rig, MMQ_RPM="60000"):
        play(rig, scene)

    async def nobody_works(queue: AsyncQueue) -> None:
        job = await queue.submit("Hello", lane="bulk")
        with pytest.raises(TimeoutError, match=job.id):
            await job.wait(0.05)
        with pytest.raises(TimeoutError):
            await (await queue.submit_many(["Hello"], lane="default")).wait(0)
        with pytest.raises(QueueFull):
            await queue.submit("Another", lane="bulk")

    play(rig, nobody_works, MMQ_MAX_QUEUED="1")


def test_a_batch_is_read_as_it_goes(rig: Rig) -> None:
    """Results and failures in their order, what was left out by its place; who stops reading leaves no connection."""

    async def scene(queue: AsyncQueue) -> None:
        requests = [*(f"Number {number}" for number in range(120)), "", "Bad words [[mmq:1026]]"]
        batch = await queue.submit_many(requests, lane="bulk", temperature=0.5)
        assert [position for position, _ in batch.rejected] == [120]
        assert await batch.wait(LIMIT_S) == await batch.counts() == {"succeeded": 120, "failed": 1}
        assert len([result async for result in batch.results()]) == 120
        assert [failure.code async for failure in batch.failures()] == ["1026"]
        reading = batch.results()
        async for _ in reading:
            break
        await reading.aclose()  # type: ignore[attr-defined]
        pool: Any = queue.queue.database.pool
        assert pool.checkedout() == 0

    with running(rig, MMQ_RPM="60000"):
        play(rig, scene)


def test_who_is_cancelled_in_the_midst_of_reading_hears_of_that_alone() -> None:
    """A thread reads on meanwhile: what it reads from, and its connection, are closed as soon as it is done."""
    begun, go_on, closed = Event(), Event(), Event()

    def rows() -> Generator[int, None, None]:
        try:
            begun.set()
            go_on.wait(LIMIT_S)
            yield 1
        finally:
            closed.set()

    async def read() -> list[int]:
        return [row async for row in _in_turns(rows)]

    async def scene() -> None:
        reading = asyncio.create_task(read())
        await asyncio.to_thread(begun.wait, LIMIT_S)
        reading.cancel()
        early, _ = await asyncio.wait([reading], timeout=0.1)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert closed.is_set()
        assert not early

    asyncio.run(scene())


def test_a_job_that_is_deleted_meanwhile_is_not_waited_for(rig: Rig) -> None:
    """Nobody can ever answer it."""

    async def scene(queue: AsyncQueue) -> None:
        job = await queue.submit("Hello")
        waiting = asyncio.create_task(job.wait(LIMIT_S))
        await asyncio.sleep(0)
        with writing(rig.database) as connection:
            connection.execute(delete(Job).where(Job.id == job.id))
        with pytest.raises(NotFound):
            await waiting

    play(rig, scene)


def test_closing_lets_nobody_wait_for_ever(rig: Rig) -> None:
    """Whoever still waits is told that the queue was closed."""

    async def scene(queue: AsyncQueue) -> asyncio.Task[Any]:
        job = await queue.submit("Hello")
        waiting = asyncio.create_task(job.wait())
        await job.state()
        return waiting

    async def run() -> None:
        async with AsyncQueue(rig.settings()) as queue:
            waiting = await scene(queue)
        with pytest.raises(Unavailable, match="closed"):
            await asyncio.wait_for(waiting, LIMIT_S)

    asyncio.run(run())


def test_whoever_waits_hears_of_trouble_and_nobody_looks_for_nobody(sqlite: Engine) -> None:
    """A database that cannot be asked is raised to each, and the looking ends with the last who waits."""

    async def scene() -> None:
        broken = open_database("sqlite:////nowhere/at/all.db")
        lookout = Lookout(broken)
        ends = await asyncio.gather(lookout.ended("a"), lookout.ended("b"), return_exceptions=True)
        assert [type(end) for end in ends] == [OperationalError] * 2
        assert lookout._looking is not None
        await asyncio.wait_for(lookout._looking, LIMIT_S)
        broken.dispose()

    asyncio.run(scene())
