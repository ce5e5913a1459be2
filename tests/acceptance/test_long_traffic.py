"""A worker as users start it, under wave after wave: what it and Redis hold from outside is as after the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, text

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from models.session import reading
from support.growth import descriptors, threads
from support.redis_server import running_redis
from support.waiting import eventually
from support.workers import Place, Worker

WAVES, JOBS = 5, 400  # 2,000 jobs in batches of their own
SLACK = 4  # a connection that its pool keeps, a thread of an executor: a few, however many jobs


@pytest.fixture
def place(sqlite: Engine, tmp_path: Path) -> Iterator[Place]:
    """The embedded form: SQLite, one Redis, one worker."""
    with running_redis() as server, SandboxThread(SandboxConfig.of(latency_ms=5)) as sandbox:
        place = Place(sqlite, server, sandbox, tmp_path)
        place.environ |= {"MMQ_RPM": "600000", "MMQ_CALLS": "32"}
        yield place


def seen(place: Place, worker: Worker) -> dict[str, int]:
    """Return what can be counted from outside the worker."""
    with redis.Redis(unix_socket_path=place.redis.socket_path) as client:
        lasting = [key for key in client.scan_iter() if client.ttl(key) == -1]
        counts = {
            "keys in Redis": client.dbsize(),
            "keys in Redis without an end": len(lasting),
            "connections to Redis": len(client.client_list()),
        }
    with reading(place.database) as connection:
        counts["rows of workers"] = connection.scalar(text("SELECT count(*) FROM workers")) or 0
    return counts | {"descriptors": descriptors(worker.pid), "threads": threads(worker.pid)}


def test_counts_after_many_waves_are_those_after_the_first(place: Place) -> None:
    """Descriptors, threads, connections, keys of Redis, rows of workers: none of them counts jobs or batches."""
    with place.queue() as queue, place.worker() as worker:

        def wave(number: int) -> None:
            lane = ("default", "bulk")[number % 2]
            jobs = queue.submit_many([f"{number} of {job}" for job in range(JOBS)], lane=lane)
            refused = queue.submit(f"{number} [[mmq:1027]]", lane="interactive")
            eventually(lambda: jobs.counts() == {"succeeded": JOBS})
            eventually(lambda: place.job(refused.id).state == "failed")

        for number in range(2):  # both lanes have been used
            wave(number)
        first = seen(place, worker)
        for number in range(2, WAVES):
            wave(number)
        eventually(lambda: all(size <= first[what] + SLACK for what, size in seen(place, worker).items()))
