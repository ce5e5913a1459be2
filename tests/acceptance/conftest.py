"""A command line and a sandbox for it; a place for worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from support.command_line import CommandLine
from support.redis_server import running_redis
from support.workers import Place as Workplace

Place = Callable[..., tuple[CommandLine, SandboxThread]]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Makes a sandbox of these settings and a command line that calls it."""
    with ExitStack() as stack:

        def make(**settings: Any) -> tuple[CommandLine, SandboxThread]:
            sandbox = stack.enter_context(SandboxThread(SandboxConfig.of(**settings)))
            mmq = CommandLine(tmp_path, sandbox.base_url, MMQ_CONCURRENCY="8")
            stack.callback(mmq.close)
            return mmq, sandbox

        yield make


@pytest.fixture
def workplace(database: Engine, tmp_path: Path) -> Iterator[Workplace]:
    """Everything that worker processes need, but the workers: both databases in turn, a Redis and a sandbox."""
    with running_redis() as redis, SandboxThread(SandboxConfig.of(latency_ms=5)) as sandbox:
        yield Workplace(database, redis, sandbox, tmp_path)
