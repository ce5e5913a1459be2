"""An engine in this process, with a real Redis, database and sandbox, whose feeder hands jobs straight back to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine as Database

from mmq.sandbox.config import SANDBOX_GROUP, SANDBOX_KEY
from mmq.sandbox.thread import SandboxThread
from models import acceptance, queries
from models.session import reading, writing
from models.table import Row
from support.redis_server import RedisServer
from support.waiting import eventually
from tasks.enqueue import rows
from tasks.order import Order, chat_request
from worker.engine import Engine
from worker.settings import Settings, load
from worker.telemetry import Telemetry

MODEL = "MiniMax-M2.7"


class Events:
    """A dispatcher that remembers instead of sending."""

    enabled = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send(self, kind: str, **fields: Any) -> None:
        self.sent.append((kind, fields))

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def of(self, job_id: str) -> list[str]:
        """Return the kinds of events of a job, in order."""
        return [kind for kind, fields in self.sent if fields["uuid"] == job_id]


class Rig:
    """A running engine and what it needs. `submit` and `ended` are what most tests want."""

    def __init__(self, database: Database, redis: RedisServer, sandbox: SandboxThread, home: Path) -> None:
        self.database, self.redis, self.sandbox, self.home = database, redis, sandbox, home
        self.events = Events()
        self.engine: Engine

    def settings(self, **environ: str) -> Settings:
        """Return settings that lead to this rig's services."""
        places = {
            "MINIMAX_API_KEY": SANDBOX_KEY,
            "MINIMAX_GROUP_ID": SANDBOX_GROUP,
            "MINIMAX_BASE_URL": self.sandbox.base_url,
            "MMQ_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "MMQ_REDIS_URL": self.redis.unix_url,
            "MMQ_HOME": str(self.home),
            "MMQ_CALLS": "8",
        }
        return load({**places, **environ}, key_needed=True)

    def start(self, **environ: str) -> Engine:
        """Start an engine for all lanes."""
        engine = Engine(
            self.settings(**environ),
            name="test@host",
            lanes=("interactive", "default", "bulk"),
            publish=lambda lane, ids: engine.accept(lane, ids),  # noqa: PLW0108  there is no engine yet
            telemetry=Telemetry(lambda: self.events),
        )
        engine.start()
        self.engine = engine
        return engine

    def submit(self, *prompts: str, lane: str = "default", **fields: Any) -> list[str]:
        """Enqueue prompts, and return the jobs' ids. The feeder finds them within a second."""
        order = {key: fields.pop(key) for key in ("deadline", "idempotency_key") if key in fields}
        orders = [Order(chat_request(prompt, None, MODEL, fields), lane=lane, **order) for prompt in prompts]
        return self.enqueue(orders)

    def enqueue(self, orders: Sequence[Order]) -> list[str]:
        """Commit orders without a word to anybody, and return the new jobs' ids in their order."""
        jobs = rows(orders)
        with writing(self.database) as connection:
            new = acceptance.accept(connection, jobs)
        return [job.id for job in jobs if job.id in new]

    def job(self, job_id: str) -> Row:
        """Return a job's row."""
        with reading(self.database) as connection:
            row = queries.job(connection, job_id)
        assert row is not None
        return row

    def attempts(self, job_id: str) -> list[Row]:
        """Return a job's attempts."""
        with reading(self.database) as connection:
            return list(queries.attempts(connection, job_id))

    def ended(self, job_id: str) -> Row:
        """Wait until a job has ended, and return its row."""
        eventually(lambda: self.job(job_id).finished_at is not None)
        return self.job(job_id)

    def calls(self) -> int:
        """Return how many calls the sandbox has got."""
        return int(self.sandbox.stats()["calls"])


@contextmanager
def running(rig: Rig, **environ: str) -> Iterator[Engine]:
    """Run an engine for the time of a block, then stop it without patience for calls that hang."""
    engine = rig.start(**environ)
    try:
        yield engine
    finally:
        engine.stop(grace_s=0.5)
