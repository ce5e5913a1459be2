"""A place of its own for a benchmark: a sandbox, a Redis, a database and workers, each a real process."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import Celery
from sqlalchemy import Engine

from mmq.local.process import Child
from mmq.local.stack import Stack
from mmq.queue import Queue
from models import clock, leases, queries
from models.session import reading
from worker.settings import Settings, load

START_LIMIT_S = 30.0
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """Everything is up. `control` is where the sandbox is asked and steered."""

    settings: Settings
    database: Engine
    queue: Queue
    control: str

    def stats(self) -> Any:
        """Return what the sandbox has counted."""
        with urllib.request.urlopen(f"{self.control}/stats") as answer:
            return json.load(answer)

    def set_limits(self, **limits: Any) -> None:
        """Change what the sandbox allows."""
        request = urllib.request.Request(f"{self.control}/limits", json.dumps(limits).encode(), method="POST")
        urllib.request.urlopen(request).close()

    def counts(self, batch_id: str) -> dict[str, int]:
        """Return how many jobs of a batch are in each state."""
        with reading(self.database) as connection:
            return queries.counts(connection, batch_id)


@contextmanager
def place(*sandbox: str, workers: int = 2, database_url: str | None = None, **environ: str) -> Iterator[Place]:
    """Start a sandbox with these options and workers with these settings; end them all when left."""
    with tempfile.TemporaryDirectory(prefix="mmq-bench-") as folder:
        home = Path(folder)
        log = home / "logs" / "sandbox.log"
        command = [sys.executable, "-m", "mmq.cli.main", "sandbox", "--port", "0", "--json", *sandbox]
        provider = Child(command, log=log, grace=1.0, environ=_clean())
        try:
            until(lambda: "\n" in log.read_text(), "the sandbox does not start")
            told = json.loads(log.read_text().splitlines()[0])
            settings_of = {
                "MINIMAX_BASE_URL": told["base_url"],
                "MINIMAX_API_KEY": told["key"],
                "MMQ_HOME": str(home),
                **({"MMQ_DATABASE_URL": database_url} if database_url else {}),
                **environ,
            }
            settings = load(settings_of, key_needed=True)
            with Stack(settings, workers=workers, environ=_clean() | settings_of, grace=2.0) as stack:
                until(lambda: _alive(stack.database) == workers, "the workers do not start")
                until(lambda: _consuming(settings) == workers, "the workers take no messages")
                queue = Queue(settings)
                try:
                    yield Place(settings, stack.database, queue, told["base_url"].removesuffix("/v1") + "/_sandbox")
                finally:
                    queue.close()
        finally:
            provider.stop()


def until(condition: Callable[[], bool], complaint: str, limit_s: float = START_LIMIT_S) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it did not come true.
    """
    deadline = time.monotonic() + limit_s
    while True:
        with suppress(FileNotFoundError):
            if condition():
                return
        if time.monotonic() > deadline:
            raise TimeoutError(complaint)
        time.sleep(LOOK_S)


def _alive(database: Engine) -> int:
    with reading(database) as connection:
        return len(leases.alive(connection, clock.now(connection)))


def _consuming(settings: Settings) -> int:
    """Return how many workers answer Celery, which they do once all of them has started."""
    with Celery(broker=settings.broker_url) as app:
        return len(app.control.ping(timeout=1.0))


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("MMQ_", "MINIMAX_"))}
