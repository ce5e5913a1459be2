"""Four workers, Redis, PostgreSQL and a sandbox, all processes of their own, and everything that is done to them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from models.session import open_database, reading
from models.worker import Worker
from support.chaos_schedule import Deed, Event
from support.databases import PostgresqlServer
from support.redis_server import RedisServer
from worker.recording.lease import LEADER_KEY

CALLS = 4  # in flight, of each worker
LATENCY_MS = 700
MMQ = (sys.executable, "-P", "-m", "mmq.cli.main")
STOP_S = 60.0


class Cluster:
    """Services that run, and `slots` for workers. `diary` holds what was done: `(seconds since the epoch, words)`."""

    def __init__(self, folder: Path, postgresql: PostgresqlServer, redis_server: RedisServer, sandbox_url: str) -> None:
        self.folder, self.postgresql, self.redis = folder, postgresql, redis_server
        self.database = open_database(postgresql.migrated())
        self.environ = {
            "MINIMAX_API_KEY": "sandbox-key",
            "MINIMAX_BASE_URL": sandbox_url,
            "MMQ_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "MMQ_REDIS_URL": redis_server.unix_url,
            "MMQ_HOME": str(folder / "home"),
            "MMQ_CALLS": str(CALLS),
            "MMQ_RPM": "100000",
            # Answers that hang are part of the table; good ones come within 4 s even of a machine under load.
            "MMQ_FIRST_BYTE_TIMEOUT": "10",
            "MMQ_IDLE_TIMEOUT": "6",
        }
        self.slots: list[subprocess.Popen[bytes]] = []
        self.frozen: set[int] = set()
        self.diary: list[tuple[float, str]] = []
        self.deserters: list[str] = []

    def start_workers(self, count: int) -> None:
        """Fill so many slots."""
        self.slots = [self._worker(slot) for slot in range(count)]

    def do(self, event: Event) -> None:
        """Do what an event says, and replace workers that were killed."""
        self._look_for_deserters()
        match event.deed:
            case Deed.KILL_WORKER:
                self._kill(event.slot)
            case Deed.FREEZE_LEADER:
                self._freeze(self._leader(event.slot))
            case Deed.WAKE:
                self._wake()
            case Deed.FLUSH_REDIS:
                with redis.Redis(unix_socket_path=self.redis.socket_path) as client:
                    client.flushall()
            case Deed.KILL_REDIS:
                self.redis.stop()
            case Deed.START_REDIS:
                self.redis.start()
            case Deed.STOP_FAST:
                self.postgresql.stop("fast")
            case Deed.STOP_IMMEDIATE:
                self.postgresql.stop("immediate")
            case Deed.START_POSTGRESQL:
                self.postgresql.start()
        self._note(event.deed if event.deed is not Deed.KILL_WORKER else f"{event.deed}: {event.slot}")

    def stop_workers(self) -> list[int]:
        """Ask all workers to stop, and return their exit codes."""
        self._look_for_deserters()
        for process in self.slots:
            process.send_signal(signal.SIGTERM)
        return [process.wait(STOP_S) for process in self.slots]

    def kill_workers(self) -> None:
        """Leave none running."""
        for process in self.slots:
            process.kill()
            process.wait()

    def last_lines(self) -> str:
        """Return the diary, and the ends of the workers' logs."""
        return "\n".join([*(f"{at:.1f} {words}" for at, words in self.diary), *self.log_of("")])

    def log_of(self, word: str, most: int = 40) -> list[str]:
        """Return the last lines of all workers' logs that hold a word."""
        lines = [
            f"{path.name}: {line}"
            for path in sorted((self.folder / "logs").glob("*.log"))
            for line in path.read_text(errors="replace").splitlines()
            if word in line
        ]
        return lines[-most:]

    def _worker(self, slot: int) -> subprocess.Popen[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MMQ_", "MINIMAX_"))}
        log = self._log(slot)
        log.parent.mkdir(exist_ok=True)
        with log.open("ab") as output:
            return subprocess.Popen([*MMQ, "worker"], env={**kept, **self.environ}, stdout=output, stderr=output)

    def _log(self, slot: int) -> Path:
        return self.folder / "logs" / f"worker-{slot}.log"

    def _kill(self, slot: int) -> None:
        while slot in self.frozen:
            slot = (slot + 1) % len(self.slots)
        self.slots[slot].kill()
        self.slots[slot].wait()
        self.slots[slot] = self._worker(slot)

    def _leader(self, otherwise: int) -> int:
        """Return the slot of the worker that leads; the one given where nobody can tell."""
        with suppress(redis.RedisError, DBAPIError), redis.Redis(unix_socket_path=self.redis.socket_path) as client:
            leader = client.get(LEADER_KEY)
            with reading(self.database) as connection:
                pid = connection.scalar(select(Worker.pid).where(Worker.id == (leader or b"").decode()))
            return next((slot for slot, process in enumerate(self.slots) if process.pid == pid), otherwise)
        return otherwise

    def _freeze(self, slot: int) -> None:
        self.frozen.add(slot)
        self.slots[slot].send_signal(signal.SIGSTOP)

    def _wake(self) -> None:
        for slot in self.frozen:
            self.slots[slot].send_signal(signal.SIGCONT)
        self.frozen.clear()

    def _look_for_deserters(self) -> None:
        """Take note of workers that ended by themselves, which none may, and replace them."""
        for slot, process in enumerate(self.slots):
            if (code := process.poll()) is not None:
                last = self._log(slot).read_text(errors="replace")[-2000:]
                self.deserters.append(f"worker {slot} ended with exit code {code}:\n{last}")
                self._note(f"worker {slot} ended with exit code {code}")
                self.slots[slot] = self._worker(slot)

    def _note(self, words: str) -> None:
        self.diary.append((time.time(), words))


@contextmanager
def sandbox_process(folder: Path, *arguments: str) -> Iterator[str]:
    """Run `mmq sandbox` for the time of a block; yields its API root."""
    with (folder / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(
            [*MMQ, "sandbox", "--port", "0", "--json", *arguments], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        ready: dict[str, Any] = json.loads(process.stdout.readline())
        yield str(ready["base_url"])
    finally:
        process.kill()
        process.communicate()
