"""`job.stream()`: the text as it comes, from a real worker over a real Redis; the end of it is what SQL holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine

from mmq import AsyncQueue, JobFailed, Queue, StreamBroken
from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from support.engine import Rig, running
from support.redis_server import RedisServer

LIMIT_S = 30.0  # it is only reached when the test fails anyway
APIS = ("v2", "openai", "v1")


@pytest.fixture
def slowly(database: Engine, redis_server: RedisServer, tmp_path: Path) -> Iterator[Rig]:
    """A rig whose sandbox says a few words at a time."""
    with SandboxThread(SandboxConfig.of(tokens_per_second=60, words=(40, 60))) as sandbox:
        yield Rig(database, redis_server, sandbox, tmp_path)


@pytest.fixture
def queue(slowly: Rig) -> Iterator[Queue]:
    """A producer of that rig."""
    producer = Queue(slowly.settings())
    yield producer
    producer.close()


@pytest.mark.parametrize("api", APIS)
def test_an_answer_comes_in_pieces_while_its_call_goes_on(slowly: Rig, queue: Queue, api: str) -> None:
    """The first piece is there long before the job has ended, and all of them are the answer."""
    with running(slowly, MINIMAX_API=api):
        job = queue.submit("Tell me a story", stream=True)
        pieces = job.stream(LIMIT_S)
        first = next(pieces)
        assert job.state == "running"
        rest = list(pieces)
        assert len(rest) > 5
        assert "".join([first, *rest]) == job.wait(LIMIT_S).text


def test_whoever_comes_late_hears_all_of_it(slowly: Rig, queue: Queue) -> None:
    """Two follow the same answer; the second begins in its midst, the third when it is there."""
    with running(slowly):
        job = queue.submit("Tell me a story", stream=True)
        early = job.stream(LIMIT_S)
        heard = "".join(islice(early, 3))
        late = job.stream(LIMIT_S)
        first = next(late)
        assert first.startswith(heard[:1])
        assert job.state == "running"
        both = (heard + "".join(early), first + "".join(late))
        text = job.wait(LIMIT_S).text
        assert both == (text, text)
        assert list(job.stream()) == [text]


def test_broken_subscriptions_cost_no_text(slowly: Rig, queue: Queue) -> None:
    """Redis drops the follower's connection and the worker's in mid-answer: what went by meanwhile is told again."""
    with running(slowly):
        job = queue.submit("Tell me a story", stream=True)
        pieces = job.stream(LIMIT_S)
        heard = next(pieces)
        with Redis.from_url(slowly.redis.unix_url) as redis:
            assert redis.client_kill_filter(_type="pubsub") >= 2
        assert heard + "".join(pieces) == job.wait(LIMIT_S).text


def test_an_answer_that_is_no_stream_comes_whole(slowly: Rig, queue: Queue) -> None:
    """The job was not submitted with `stream=True`."""
    with running(slowly):
        job = queue.submit("Tell me a story")
        assert list(job.stream(LIMIT_S)) == [job.wait(LIMIT_S).text]


def test_a_call_that_breaks_off_is_told(slowly: Rig, queue: Queue) -> None:
    """What was heard of it is void; following anew brings the answer."""
    with running(slowly):
        job = queue.submit("[[mmq:early_closex1]] Tell me a story", stream=True)
        with pytest.raises(StreamBroken, match="wait for the answer, or follow the job anew"):
            list(job.stream(LIMIT_S))
        assert "".join(job.stream(LIMIT_S)) == job.wait(LIMIT_S).text


def test_a_job_that_fails_fails_its_stream(slowly: Rig, queue: Queue) -> None:
    """With the error that `wait` would raise."""
    with running(slowly):
        job = queue.submit("[[mmq:1027]]", stream=True)
        with pytest.raises(JobFailed, match="1027"):
            list(job.stream(LIMIT_S))


def test_a_stream_is_waited_for_no_longer_than_asked(queue: Queue) -> None:
    """No worker is there."""
    job = queue.submit("Tell me a story", stream=True)
    with pytest.raises(TimeoutError, match=job.id):
        next(job.stream(timeout=0.1))


def test_without_redis_the_answer_comes_at_its_end(slowly: Rig, queue: Queue, tmp_path: Path) -> None:
    """The text is SQL's; Redis only brings it sooner."""
    apart = Queue(slowly.settings(MMQ_REDIS_URL=f"unix://{tmp_path}/nobody"))
    with running(slowly):
        job = queue.submit("Tell me a story", stream=True)
        assert list(apart.job(job.id).stream(LIMIT_S)) == [job.wait(LIMIT_S).text]
    apart.close()


def test_many_are_followed_on_one_loop(slowly: Rig) -> None:
    """The asyncio twin: twenty at once, each hears its own."""

    async def follow(queue: AsyncQueue, number: int) -> int:
        job = await queue.submit(f"Story {number}", stream=True)
        pieces = [piece async for piece in job.stream(LIMIT_S)]
        assert "".join(pieces) == (await job.wait(LIMIT_S)).text
        return len(pieces)

    async def scene() -> list[int]:
        async with AsyncQueue(slowly.settings()) as queue:
            return await asyncio.gather(*(follow(queue, number) for number in range(20)))

    with running(slowly, MMQ_CALLS="30"):
        assert min(asyncio.run(scene())) > 3


@pytest.mark.parametrize(
    ("prompt", "error"), [("[[mmq:1027]]", JobFailed), ("[[mmq:early_closex1]] Tell", StreamBroken)]
)
def test_the_asyncio_twin_raises_the_same(slowly: Rig, prompt: str, error: type[Exception]) -> None:
    """A failed job, and a call that breaks off."""

    async def scene() -> None:
        async with AsyncQueue(slowly.settings()) as queue:
            job = await queue.submit(prompt, stream=True)
            with pytest.raises(error):
                [_ async for _ in job.stream(LIMIT_S)]

    with running(slowly):
        asyncio.run(scene())
