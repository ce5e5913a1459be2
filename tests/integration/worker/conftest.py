"""A rig a test: its own database (of both kinds in turn), Redis database, sandbox and home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from support.engine import Rig
from support.jobs import new_job, queue, register
from support.recorders import JOBS
from support.redis_server import RedisServer, running_redis
from worker import outage


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """An empty Redis of the test's own."""
    with running_redis() as server:
        yield server


@pytest.fixture
def rig(database: Engine, redis_server: RedisServer, tmp_path: Path) -> Iterator[Rig]:
    """Everything an engine needs, but the engine."""
    with SandboxThread(SandboxConfig.of(latency_ms=5)) as sandbox:
        yield Rig(database, redis_server, sandbox, tmp_path)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that are over at once."""
    monkeypatch.setattr(outage, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(outage, "LONGEST_WAIT_S", 0.01)


@pytest.fixture
def queued(database: Engine) -> Engine:
    """A database with a worker and queued jobs."""
    register(database, "w1", "w2")
    queue(database, *[new_job(number) for number in range(JOBS)])
    return database
