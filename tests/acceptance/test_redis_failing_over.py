"""Redis' replica takes over behind one address while jobs go through: nothing is lost, doubled or to be restarted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from models.job import Job
from models.session import reading
from support.redis_pair import RedisPair, redis_pair
from support.waiting import eventually
from support.workers import Place

JOBS = 120
RPM = "1200"


@pytest.fixture
def pair() -> Iterator[RedisPair]:
    """A Redis and its replica."""
    with redis_pair() as pair:
        yield pair


@pytest.fixture
def place(sqlite: Engine, pair: RedisPair, tmp_path: Path) -> Iterator[Place]:
    """What workers need; their Redis is the pair's address."""
    with SandboxThread(SandboxConfig.of(latency_ms=100)) as sandbox:
        place = Place(sqlite, pair.master, sandbox, tmp_path)
        place.environ |= {"MMQ_REDIS_URL": pair.url, "MMQ_RPM": RPM}
        yield place


def reach(place: Place, count: int) -> None:
    """Wait until so many jobs are answered."""

    def answered() -> bool:
        with reading(place.database) as connection:
            return (connection.scalar(select(func.count()).where(Job.state == "succeeded")) or 0) >= count

    eventually(answered)


def crash(place: Place, pair: RedisPair) -> None:
    """The master dies, its replica is level with it."""
    pair.crash()


def switch(place: Place, pair: RedisPair) -> None:
    """Both live on, and the former master keeps its connections."""
    pair.switch()


def crash_unheard(place: Place, pair: RedisPair) -> None:
    """The master dies after some 20 calls of which its replica knows nothing."""
    pair.lag()
    reach(place, 50)
    pair.crash()


@pytest.mark.parametrize("fail_over", [crash, switch, crash_unheard])
def test_workers_follow_redis_to_its_replica(
    place: Place, pair: RedisPair, fail_over: Callable[[Place, RedisPair], None]
) -> None:
    """Each job is answered by one call, both workers say so once each way, and producers reach them as before."""
    with place.queue() as queue, place.worker() as one, place.worker() as other:
        queue.submit_many([f"prompt {number}" for number in range(JOBS)])
        reach(place, 30)
        fail_over(place, pair)
        reach(place, JOBS)
        queue.submit("somebody waits", lane="interactive").wait(20)
        queue.submit("and again", lane="interactive").wait(20)
        assert place.sandbox.stats()["calls"] == JOBS + 2
        for worker in (one, other):
            assert worker.log.count("redis is away") == worker.log.count("redis is back") == 1, worker.log
            assert worker.log.count("CRITICAL") == 0, worker.log
            assert worker.terminate() == 0, worker.log
