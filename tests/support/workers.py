"""Worker processes as users start them, in a place of the test's own, with their logs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine as Database

from mmq.queue import Queue
from mmq.sandbox.config import SANDBOX_GROUP, SANDBOX_KEY
from mmq.sandbox.thread import SandboxThread
from models import clock, leases, queries
from models.session import reading
from models.table import Row
from support.redis_server import RedisServer
from support.waiting import eventually
from worker.settings import load

STOP_LIMIT_S = 60


class Worker:
    """A `mmq worker` process that serves."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text(errors="replace")

    def terminate(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_LIMIT_S)

    def kill(self) -> None:
        """Kill it as the kernel does when memory runs out."""
        self.process.kill()
        self.process.wait()


class Place:
    """A database, a Redis and a sandbox that workers and producers share."""

    def __init__(self, database: Database, redis: RedisServer, sandbox: SandboxThread, home: Path) -> None:
        self.database, self.redis, self.sandbox, self.home = database, redis, sandbox, home
        self.environ = {
            "MINIMAX_API_KEY": SANDBOX_KEY,
            "MINIMAX_GROUP_ID": SANDBOX_GROUP,
            "MINIMAX_BASE_URL": sandbox.base_url,
            "MMQ_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "MMQ_REDIS_URL": redis.unix_url,
            "MMQ_HOME": str(home),
            "MMQ_CALLS": "8",
        }

    @contextmanager
    def queue(self) -> Iterator[Queue]:
        """A producer's queue."""
        queue = Queue(load(self.environ))
        try:
            yield queue
        finally:
            queue.close()

    @contextmanager
    def worker(self, *arguments: str) -> Iterator[Worker]:
        """A worker process, up to its registration; killed at the end if it still runs."""
        before = {row.id for row in self.alive()}
        number = len([*self.home.glob("worker-*.log")])
        log = self.home / f"worker-{number}.log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MMQ_", "MINIMAX_"))}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "mmq.cli.main", "worker", *arguments],
                env={**inherited, **self.environ},
                stdout=output,
                stderr=output,
            )
        worker = Worker(process, log)
        try:
            eventually(lambda: {row.id for row in self.alive()} - before or process.poll() is not None)
            assert process.poll() is None, worker.log
            yield worker
        finally:
            worker.kill()

    def alive(self) -> list[Row]:
        """The rows of the workers whose lease holds."""
        with reading(self.database) as connection:
            return list(leases.alive(connection, clock.now(connection)))

    def job(self, job_id: str) -> Any:
        """A job's row, or None."""
        with reading(self.database) as connection:
            return queries.job(connection, job_id)

    def attempts(self, job_id: str) -> list[Row]:
        """A job's attempts."""
        with reading(self.database) as connection:
            return list(queries.attempts(connection, job_id))

    def ended(self, job_id: str) -> Row:
        """Wait until a job has ended, and return its row."""
        eventually(lambda: (row := self.job(job_id)) is not None and row.finished_at is not None)
        return self.job(job_id)
