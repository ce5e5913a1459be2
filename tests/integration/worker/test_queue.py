"""The Python API on an engine that runs: handles, keys, batches, absent fields, and Redis being away."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from mmq.handles import Batch
from mmq.queue import Queue
from mmq.result import JobFailed
from models import feeding, pause, pausing, queries
from models.session import reading, writing
from models.table import utcnow
from support.engine import MODEL, Rig, running
from support.redis_server import RedisServer
from support.waiting import eventually
from worker.errors import InvalidRequest, NotFound, QueueFull

QUICKLY_S = 5.0  # far above what it takes (4 ms), far below what a person takes for hanging


@pytest.fixture
def queue(rig: Rig) -> Iterator[Queue]:
    """A producer's queue."""
    queue = Queue(rig.settings())
    yield queue
    queue.close()


def request_of(rig: Rig, job_id: str) -> dict[str, Any]:
    """The chat request as it is stored."""
    request: dict[str, Any] = json.loads(rig.job(job_id).request)
    return request


def test_a_job_is_waited_for(rig: Rig, queue: Queue) -> None:
    """The result has the answer, its usage, and the id for MiniMax's support."""
    with running(rig):
        job = queue.submit("Hello", custom_id="c-1", max_tokens=50)
        result = job.wait(20)
    assert (result.job_id, result.custom_id, job.state) == (job.id, "c-1", "succeeded")
    assert result.text == result.body["choices"][0]["message"]["content"] != ""
    assert result.request_id
    assert result.usage is not None
    assert result.usage["total_tokens"] > 0


def test_a_failed_job_raises_with_its_reason(rig: Rig, queue: Queue) -> None:
    """Code, remedy and request id are there to act on, and a timeout before leaves the job alone."""
    with running(rig):
        result = queue.submit("Bad words [[mmq:1026]]")
        with pytest.raises(JobFailed) as raised:
            result.wait(20)
    failed = raised.value
    assert (failed.job_id, failed.state, failed.code) == (result.id, "failed", "1026")
    assert failed.request_id
    assert failed.remedy
    assert failed.remedy in str(failed)


def test_waiting_has_an_end(queue: Queue) -> None:
    """Nobody works: the wait raises, the job stays."""
    job = queue.submit("Hello")
    with pytest.raises(TimeoutError, match=job.id):
        job.wait(0.05)
    with pytest.raises(TimeoutError):
        queue.submit_many(["Hello"]).wait(0)
    assert job.state == "queued"


def test_an_unknown_job_is_not_found(queue: Queue) -> None:
    """A handle is made without looking; asking it tells."""
    with pytest.raises(NotFound, match="nothing"):
        queue.job("nothing").wait(1)


def test_a_deadline_ends_the_waiting(rig: Rig, queue: Queue) -> None:
    """An expired job raises, and has no code since nobody refused it."""
    with running(rig):
        job = queue.submit("Too late", deadline=utcnow() - timedelta(seconds=1))
        with pytest.raises(JobFailed, match="expired") as raised:
            job.wait(20)
    assert raised.value.code is None
    assert rig.calls() == 0


def test_the_same_key_is_the_same_job(rig: Rig, queue: Queue) -> None:
    """Whatever is asked the second time, and in whichever lane."""
    first = queue.submit("Hello", idempotency_key="k")
    second = queue.submit("Something else", idempotency_key="k", lane="interactive")
    assert first.id == second.id
    assert request_of(rig, first.id)["messages"][0]["content"] == "Hello"


def test_none_is_as_good_as_absent(rig: Rig, queue: Queue) -> None:
    """Callers pass on what they were given, set or not."""
    job = queue.submit("Hello", messages=None, model=None, temperature=None, tools=None, stream=None, top_p=0.5)
    messages = [{"role": "user", "content": "Hello"}]
    assert request_of(rig, job.id) == {"model": MODEL, "messages": messages, "top_p": 0.5}


@pytest.mark.parametrize(
    "arguments",
    [
        {"prompt": None},
        {"prompt": "x", "messages": []},
        {"prompt": ""},
        {"prompt": "x\0"},
        {"prompt": "x", "lane": "express"},
        {"prompt": "x", "model": "gpt-4o"},
        {"prompt": "x", "deadline": utcnow().replace(tzinfo=None)},
        {"prompt": "x", "custom_id": "a\0"},
        {"prompt": "x", "idempotency_key": "k" * 5000},
        {"prompt": "x", "temperature": float("nan")},
        {"prompt": "x", "tools": object()},
    ],
    ids=lambda arguments: next(reversed(arguments)),
)
def test_what_would_fail_for_certain_is_refused(rig: Rig, queue: Queue, arguments: dict[str, Any]) -> None:
    """With the reason, and without a row."""
    with pytest.raises(InvalidRequest):
        queue.submit(**arguments)
    with reading(rig.database) as connection:
        assert queries.counts_by_lane(connection) == []


def test_a_batch_leaves_out_what_cannot_run(rig: Rig, queue: Queue) -> None:
    """Positions of the rejected are told; results and failures come in the order of submission."""
    with running(rig):
        requests = ["One", "", {"prompt": "Three [[mmq:1026]]", "custom_id": "three"}, {"model": "gpt-4o"}, "Five"]
        batch = queue.submit_many(requests, lane="bulk")
        assert batch.wait(20) == {"succeeded": 2, "failed": 1}
    assert [position for position, _ in batch.rejected] == [1, 3]
    assert [rig.job(result.job_id).position for result in batch.results()] == [0, 4]
    assert [(failed.code, rig.job(failed.job_id).custom_id) for failed in batch.failures()] == [("1026", "three")]
    assert rig.calls() == 3


def test_a_batch_key_continues_the_batch(queue: Queue) -> None:
    """A producer submits all again, whether it named its requests or not: what is there is not accepted twice."""
    named = [{"prompt": f"Number {number}", "idempotency_key": f"k-{number}"} for number in range(3)]
    requests = [*named, "The same", "The same", {"prompt": "Other", "custom_id": "c"}]
    first = queue.submit_many(requests[:4], idempotency_key="night")
    again = queue.submit_many(requests, idempotency_key="night")
    assert (again.id, again.counts()) == (first.id, {"queued": 6})
    assert queue.submit_many(requests, idempotency_key="night").counts() == {"queued": 6}


def test_a_batch_without_a_key_is_a_new_one_each_time(queue: Queue) -> None:
    """Nothing says that it is the same."""
    first, second = queue.submit_many(["Hello"]), queue.submit_many(["Hello"])
    assert first.id != second.id
    assert first.counts() == second.counts() == {"queued": 1}


def test_a_full_lane_refuses_the_rest_of_a_batch_by_its_name(rig: Rig) -> None:
    """What was committed stays, the error says in which batch, and the same submission again goes on."""
    queue = Queue(rig.settings(MMQ_MAX_QUEUED="1500"))
    requests = [f"Number {number}" for number in range(2100)]
    with pytest.raises(QueueFull) as full:
        queue.submit_many(requests, idempotency_key="night")
    batch = Batch(queue, str(full.value.batch_id))
    assert batch.counts() == {"queued": 1000}
    with pytest.raises(QueueFull):
        queue.submit_many(requests, idempotency_key="night")
    queue.close()
    roomy = Queue(rig.settings(MMQ_MAX_QUEUED="2100"))
    assert roomy.submit_many(requests, idempotency_key="night").counts() == {"queued": 2100}
    roomy.close()


def test_submit_says_what_it_takes() -> None:
    """Its arguments are spelled in one place, and are still what an editor shows."""
    names = list(inspect.signature(Queue.submit).parameters)
    assert names[:4] == ["self", "prompt", "messages", "model"]
    assert names[-1] == "request"
    assert Queue.submit.__doc__


def test_an_empty_batch_has_ended(queue: Queue) -> None:
    """Nothing to wait for."""
    assert queue.submit_many([]).wait(0) == {}


def test_submitting_while_redis_is_away_is_accepted_and_done_later(
    rig: Rig, queue: Queue, redis_server: RedisServer
) -> None:
    """In every lane, quickly, with a connection that was open before and is broken now."""
    with running(rig):
        queue.submit("Before").wait(20)
        redis_server.stop()
        began = time.monotonic()
        jobs = [queue.submit(f"Away {lane}", lane=lane) for lane in ("interactive", "default", "bulk")]
        assert time.monotonic() - began < QUICKLY_S
        redis_server.start()
        assert all(job.wait(20).text for job in jobs)


def test_a_redis_that_refuses_writes_does_not_refuse_jobs(queue: Queue, redis_server: RedisServer) -> None:
    """Full, as `noeviction` wants it: the job is committed, so its producer must not be told that it failed."""
    with redis.Redis.from_url(redis_server.unix_url) as client:
        client.config_set("maxmemory", "1")
        jobs = [queue.submit("Hello", lane=lane) for lane in ("interactive", "bulk")]
    assert [job.state for job in jobs] == ["queued", "queued"]


def test_an_interactive_job_is_published_unless_a_pause_forbids(
    rig: Rig, queue: Queue, redis_server: RedisServer
) -> None:
    """At once as it is inserted; behind a pause it waits for the feeder, like all others."""
    with writing(rig.database) as connection:
        pausing.pause(connection, pause.LANE, "interactive", utcnow())
    held = queue.submit("Held", lane="interactive")
    with redis.Redis.from_url(redis_server.unix_url) as client:
        assert (client.llen("interactive"), rig.job(held.id).fed_at) == (0, None)
        with writing(rig.database) as connection:
            pausing.resume(connection, pause.LANE, "interactive")
        sent = queue.submit("Sent", lane="interactive")
        assert client.llen("interactive") == 1
    with reading(rig.database) as connection:
        assert feeding.fed_by_lane(connection, utcnow() - timedelta(minutes=1)) == {"interactive": 1}
    assert rig.job(sent.id).fed_at is not None
    with writing(rig.database) as connection:
        pausing.pause(connection, pause.ACCOUNT, "default", utcnow())
    assert rig.job(queue.submit("Held", lane="interactive").id).fed_at is None


def test_an_interactive_job_whose_message_did_not_go_out_is_left_to_the_feeder(
    rig: Rig, queue: Queue, redis_server: RedisServer
) -> None:
    """It is not taken for published, so that it need not be taken for lost first."""
    redis_server.stop()
    assert rig.job(queue.submit("Hello", lane="interactive").id).fed_at is None


def test_closing_leaves_no_connection(rig: Rig, redis_server: RedisServer) -> None:
    """Ten queues opened, used and closed: Redis and the database have as many connections as before."""
    with redis.Redis.from_url(redis_server.unix_url) as client:
        before = len(client.client_list())
        for number in range(10):
            queue = Queue(rig.settings())
            queue.submit(f"Number {number}", lane="interactive")
            queue.submit(f"Number {number}")
            queue.close()
            assert checked_in(queue.database) == 0
        eventually(lambda: len(client.client_list()) == before)


def checked_in(database: Engine) -> int:
    """How many idle connections its pool holds."""
    pool: Any = database.pool
    return int(pool.checkedin())
