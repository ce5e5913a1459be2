"""What a job costs in statements, rows, messages and bytes, on the ordinary path: counts that no machine changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from support.counting import RedisCounts, RedisMonitor, SqlCounts, counted_sql
from support.engine import Rig
from support.redis_server import RedisServer
from support.waiting import eventually
from worker import engine as worker_engine
from worker.admission.scripts import Script
from worker.telemetry import Telemetry

JOBS, CALLS = 200, 50
PROMPT = "word " * 1000  # 5 kB: whatever carries it where it need not be is seen in the bytes


@dataclass(frozen=True)
class Cost:
    """What answering the jobs took, from the engine's start to its end. `messages` are the jobs of each."""

    sql: SqlCounts
    redis: RedisCounts
    messages: list[int]


@contextmanager
def engine(rig: Rig, messages: list[int]) -> Iterator[None]:
    """Run an engine that is handed its messages at once, and note how many jobs each names."""

    def publish(lane: str, ids: Sequence[str]) -> None:
        messages.append(len(ids))
        running.accept(lane, ids)

    running = worker_engine.Engine(
        rig.settings(MMQ_CALLS=str(CALLS), MMQ_RPM="6000000"),
        name="counted@host",
        lanes=("interactive", "default", "bulk"),
        publish=publish,
        telemetry=Telemetry(lambda: rig.events),
    )
    running.start()
    try:
        yield
    finally:
        running.stop(grace_s=10)


@pytest.fixture
def cost(database: Engine, redis_server: RedisServer, tmp_path: Path) -> Cost:
    """Answer the jobs, and return what it took."""
    with SandboxThread(SandboxConfig.of(latency_ms=50)) as sandbox:
        rig = Rig(database, redis_server, sandbox, tmp_path)
        rig.submit(*[f"{number}: {PROMPT}" for number in range(JOBS)], lane="bulk")
        messages: list[int] = []
        with counted_sql() as sql, RedisMonitor(redis_server.unix_url) as monitor:
            with engine(rig, messages):
                eventually(lambda: sandbox.stats()["answered"] == JOBS)
            return Cost(sql, monitor.counts(), messages)


def test_a_job_costs_what_it_must(cost: Cost) -> None:
    """A group is written by one statement of each kind, a job by one row, and what is told of it is small."""
    sql, commits = cost.sql, cost.sql.commits
    assert commits < JOBS  # three, were each job claimed, begun and ended by itself; half of one is usual
    assert sql.rows["INSERT attempts"] == JOBS
    assert JOBS <= sql.rows["UPDATE attempts"] <= JOBS + 2  # one more as the worker leaves
    assert max(sql.statements["INSERT attempts"], sql.statements["UPDATE attempts"]) <= commits
    # Three, were each fed, claimed and ended by itself. A commit may hold one for claims and one for ends.
    assert max(sql.statements["UPDATE jobs"], sql.rows["UPDATE jobs"]) < JOBS
    assert sql.sent_bytes < 1200 * JOBS  # the answer, and ids: the prompt is there already
    # A grant and a settlement each. How many of them coincide, and share a trip, depends on the machine.
    trips, source = cost.redis.commands["evalsha"], len(Script("admit").source) * cost.redis.commands["eval"]
    assert trips <= 2 * JOBS
    assert cost.redis.received_bytes - source < 1200 * trips
    assert sum(cost.messages) == JOBS
    assert len(cost.messages) < JOBS / 2
