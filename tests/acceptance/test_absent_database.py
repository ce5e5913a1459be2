"""A worker process that ends while PostgreSQL is away: what was answered is in its spool, and not asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from support.databases import PostgresqlServer
from support.redis_server import running_redis
from support.waiting import eventually
from support.workers import Place, Worker
from tasks.contract import GENERATE
from tasks.producer import producer
from worker.recording.spool import folder

JOBS = 3
MARK = "a-marked-prompt"


@pytest.fixture
def workplace(postgresql: Engine, tmp_path: Path) -> Iterator[Place]:
    """A place whose database can be stopped."""
    with running_redis() as redis, SandboxThread(SandboxConfig.of(latency_ms=5)) as sandbox:
        yield Place(postgresql, redis, sandbox, tmp_path)


def spooled(workplace: Place) -> int:
    """How many endings lie in the spools of the place."""
    return sum(path.read_bytes().count(b'"ending"') for path in folder(workplace.home).glob("*.jsonl"))


def stopped(workplace: Place, worker: Worker) -> None:
    """Asked to stop with its calls under way, it ends by itself and says what it left."""
    assert worker.terminate() == 0
    assert f"left {JOBS} endings in {folder(workplace.home)}" in worker.log


def killed(workplace: Place, worker: Worker) -> None:
    """Killed as soon as the answers are in the spool."""
    eventually(lambda: spooled(workplace) == JOBS)
    worker.kill()


@pytest.mark.parametrize("end", [stopped, killed])
def test_answers_that_a_worker_could_not_record_are_recorded_by_the_next(
    workplace: Place, postgresql_databases: PostgresqlServer, end: Callable[[Place, Worker], None]
) -> None:
    """Called, answered without a database, ended: the next worker of the home records it; one call a job, all told."""
    with workplace.queue() as queue:
        with workplace.worker() as first:
            jobs = queue.submit_many([f"{MARK} {number} [[mmq:slow_headers]]" for number in range(JOBS)])
            eventually(lambda: workplace.sandbox.stats()["calls"] == JOBS)
            postgresql_databases.stop("fast")
            try:
                end(workplace, first)
                assert spooled(workplace) == JOBS
            finally:
                postgresql_databases.start()
        with workplace.worker() as second:
            assert jobs.wait(30) == {"succeeded": JOBS}
            eventually(lambda: f"recorded {JOBS} endings" in second.log)
        rows = [workplace.job(result.job_id) for result in jobs.results()]
    assert {(row.claim, row.attempts, row.rescues) for row in rows} == {(1, 1, 0)}
    assert workplace.sandbox.stats()["calls"] == JOBS
    assert [*folder(workplace.home).iterdir()] == []
    assert MARK not in first.log + second.log


def test_a_message_that_a_stopped_worker_could_not_accept_is_accepted_by_the_next(
    workplace: Place, postgresql_databases: PostgresqlServer
) -> None:
    """The message is the only copy of its prompt: it goes back into its queue, and the worker ends at once."""
    app = producer(f"redis+socket://{workplace.redis.socket_path}")
    try:
        with workplace.worker() as first:
            postgresql_databases.stop("fast")
            try:
                kwargs = {"prompt": MARK}
                app.send_task(GENERATE, kwargs=kwargs, task_id="task-1", queue="default", ignore_result=True)
                eventually(lambda: "database is away" in first.log)
                assert first.terminate() == 0
            finally:
                postgresql_databases.start()
        with workplace.worker() as second:
            assert workplace.ended("task-1").state == "succeeded"
    finally:
        app.close()
    assert workplace.sandbox.stats()["calls"] == 1
    assert MARK not in first.log + second.log
