"""The installed command in a folder of its own, against a sandbox in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmq.local.redis import answers
from mmq.sandbox.config import SANDBOX_KEY
from worker.configuration.broker import socket_path

LIMIT_S = 60.0  # generous: it is only reached when the test fails anyway
MMQ = (sys.executable, "-P", "-m", "mmq.cli.main")  # as the installed command: the folder is no place for modules


class CommandLine:
    """Runs `mmq ...` in `folder`, whose `home` is its MMQ_HOME, with nothing of our environment that concerns mmq."""

    def __init__(self, folder: Path, base_url: str = "http://127.0.0.1:9/v1", **environ: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("MINIMAX_", "MMQ_", "FLOWER_"))
        }
        self.environ = {
            **kept,
            "MMQ_HOME": str(self.home),
            "MINIMAX_BASE_URL": base_url,
            "MINIMAX_API_KEY": SANDBOX_KEY,
            **environ,
        }
        self._started: list[subprocess.Popen[str]] = []

    def close(self) -> None:
        """Kill what a failed test left running; its children end with it."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def start(self, *arguments: str, stdin: int = subprocess.DEVNULL, **environ: str) -> subprocess.Popen[str]:
        """Start a command; its pipes are text."""
        process = subprocess.Popen(
            [*MMQ, *arguments],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *arguments: str, stdin: str | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        process = self.start(*arguments, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE, **environ)
        return finished(process, stdin)

    def json(self, *arguments: str) -> Any:
        """Run a command with --json and return what it says."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def write(self, name: str, *lines: str) -> str:
        """Write an input file; return its name."""
        (self.folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return name

    def read(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of a results or errors file."""
        return lines_of((self.folder / name).read_text(encoding="utf-8"))

    def workers(self) -> list[int]:
        """Return the processes that work for this home, by their environment."""
        return [pid for pid in _processes() if _works_for(pid, self.home)]

    def nothing_runs(self) -> bool:
        """Whether neither a worker nor a Redis of this home is left."""
        return not self.workers() and not answers(socket_path(self.home))


def finished(process: subprocess.Popen[str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Wait for a command to end; kill it if it does not."""
    try:
        stdout, stderr = process.communicate(stdin, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        raise AssertionError(f"{process.args} did not end within {LIMIT_S} s\n{stdout}\n{stderr}") from None
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def lines_of(text: str) -> list[dict[str, Any]]:
    """Return JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def _processes() -> list[int]:
    listing = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid in listing.split()]


def _works_for(pid: int, home: Path) -> bool:
    with suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if command[0].endswith(b"sh"):  # the leash's watcher: it ends a moment after what it watches
            return False
        return b"worker" in command and f"MMQ_HOME={home}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    return False
