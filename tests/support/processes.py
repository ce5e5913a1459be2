"""Processes as others see them: a Python process to be killed, and who still lives of a process group."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self


class Parent:
    """Runs `script`, which must print one line and then read from stdin. In the `with` block, `answer` is that line."""

    def __init__(self, script: str, environ: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def ask(self, line: str) -> str:
        """Write a line to it, and return the next that it prints."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(line, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def kill(self) -> None:
        """Kill it as the kernel does when memory runs out: it cannot do anything about it."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        self.answer = self._process.stdout.readline().strip()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


def of_group(pid: int) -> list[int]:
    """The living processes of the group that `pid` leads. One that only waits to be reaped does not live."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [int(row[0]) for row in rows if int(row[1]) == pid and not row[2].startswith("Z")]
