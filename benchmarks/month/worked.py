"""A month's jobs through a worker process, wave after wave, purged as it goes, while all around it comes and goes.

One worker lasts and is measured. Every fourth wave another is beside it, and is stopped or killed in the middle of the
work; every fourth begins with the account paused. After each wave jobs that ended four waves ago are deleted.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Literal

import redis
from sqlalchemy import Engine, text

from benchmarks.month.samples import Samples
from mmq.queue import Queue
from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from models.lane import Lane
from models.pause import ACCOUNT
from models.pausing import pause, resume
from models.purge import Old, purge
from models.session import open_database, reading, writing
from models.table import utcnow
from support.databases import SqliteFiles, postgresql_server
from support.growth import descriptors, resident_bytes, threads
from support.redis_server import running_redis
from support.waiting import eventually
from support.workers import Place, Worker

WAVES, KEPT = 40, 4
EVERY = 4  # waves from one guest, and one pause, to the next
WAVE_LIMIT_S = 300
OF_A_KIND = 20  # of a wave: one is refused, one is answered at its second call
DATABASES: tuple[Literal["sqlite", "postgresql"], ...] = ("sqlite", "postgresql")


@contextmanager
def database(kind: Literal["sqlite", "postgresql"], home: Path) -> Iterator[Engine]:
    """Yield an empty database with the newest schema."""
    if kind == "sqlite":
        opened = open_database(SqliteFiles(home).migrated())
        yield opened
        opened.dispose()
        return
    with postgresql_server() as server:
        opened = open_database(server.migrated())
        yield opened
        opened.dispose()


def worked(kind: Literal["sqlite", "postgresql"], jobs: int) -> Samples:
    """Return what the worker, Redis and the database held after each wave."""
    samples = Samples()
    with (
        tempfile.TemporaryDirectory(prefix="mmq-month-") as folder,
        running_redis() as server,
        database(kind, Path(folder)) as opened,
        SandboxThread(SandboxConfig.of(latency_ms=5)) as sandbox,
    ):
        place = Place(opened, server, sandbox, Path(folder))
        place.environ |= {"MMQ_RPM": "600000", "MMQ_CALLS": "50"}
        ends: deque[datetime] = deque()
        with place.queue() as queue, place.worker() as worker:
            for number in range(WAVES):
                wave(place, queue, number, jobs // WAVES)
                ends.append(utcnow())
                if len(ends) > KEPT:
                    forget(opened, ends.popleft())
                look(place, worker, samples)
    return samples


def wave(place: Place, queue: Queue, number: int, jobs: int) -> None:
    """Let a portion of the month come to its end.

    Raises:
        RuntimeError: it came to another end than it should.
    """
    paused = number % EVERY == 1
    if paused:
        with writing(place.database) as connection:
            pause(connection, ACCOUNT, "default", utcnow())
    with guest(place, killed=number % (2 * EVERY) == EVERY - 1) if number % EVERY == EVERY - 1 else nullcontext():
        prompts = [f"Wave {number}, job {job}{_fate(job)}" for job in range(jobs)]
        batch = queue.submit_many(prompts, lane=[*Lane][number % len(Lane)])
        if not paused:
            eventually(lambda: batch.counts().get("succeeded"))
    if paused:
        with writing(place.database) as connection:
            resume(connection, ACCOUNT, "default")
    counts, refused = batch.wait(WAVE_LIMIT_S), len(range(0, jobs, OF_A_KIND))
    if counts != {"succeeded": jobs - refused, "failed": refused}:
        raise RuntimeError(f"wave {number} came to {counts}")


@contextmanager
def guest(place: Place, *, killed: bool) -> Iterator[None]:
    """Have a second worker meanwhile, which ends in the middle of what it does."""
    with place.worker() as worker:
        yield
        worker.kill() if killed else worker.terminate()


def forget(opened: Engine, before: datetime) -> None:
    """Delete what ended before, and on PostgreSQL let its room be used again, as docs/retention.md says."""
    for _ in purge(opened, Old(before)):
        pass
    if opened.dialect.name == "postgresql":
        with opened.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE) jobs, attempts"))


def look(place: Place, worker: Worker, samples: Samples) -> None:
    """Take a sample from outside the worker."""
    samples.add("worker: memory", resident_bytes(worker.pid) / 1e6, "MB")
    samples.add("worker: descriptors", descriptors(worker.pid))
    samples.add("worker: threads", threads(worker.pid))
    with redis.Redis(unix_socket_path=place.redis.socket_path) as client:
        samples.add("Redis: memory", client.info("memory")["used_memory"] / 1e6, "MB")
        samples.add("Redis: keys", client.dbsize())
        samples.add("Redis: connections", len(client.client_list()))
    with reading(place.database) as connection:
        if connection.dialect.name == "postgresql":
            size = connection.scalar(text("SELECT pg_database_size(current_database())"))
            connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            samples.add("PostgreSQL: connections", connection.scalar(text(connections)) or 0)
        else:
            file = Path(connection.engine.url.database or "")
            size = sum(one.stat().st_size for one in file.parent.glob(f"{file.name}*"))
        samples.add("database: size", (size or 0) / 1e6, "MB")
        for table in ("jobs", "attempts", "batches", "workers"):
            samples.add(f"database: {table}", connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
    samples.add("spool: files", len([*(place.home / "spool").glob("*")]))


def _fate(job: int) -> str:
    return {0: " [[mmq:1027]]", 1: " [[mmq:1000x1]]"}.get(job % OF_A_KIND, "")
