"""Child processes that end when we do, even when we are killed by SIGKILL."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from worker.errors import MmqError

LEASH = Path(__file__).with_name("leash.sh")
LOG_LIMIT_BYTES = 4_000_000  # a larger log is set aside when its process starts; one older log is kept
TAIL_BYTES = 4_000
FIRST_LIFELINE = 64  # the shell uses the low numbers for itself


class ProcessEnded(MmqError):
    """A process of the local stack ended by itself. The message holds its exit code and its last log lines."""


class Child:
    """A process in a session of its own: Ctrl-C in the terminal reaches us alone, and we stop it in our order.

    It ends by SIGTERM, and `grace` seconds later by SIGKILL, when the last holder of its lifeline is gone: that is we,
    and every later child that is started to keep it. stdout and stderr go to `log`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        grace: float,
        environ: Mapping[str, str] | None = None,
        keeps: Sequence[Child] = (),
    ) -> None:
        self.name = log.stem
        self._grace = grace
        self._asked = False
        self._log = log
        _bound(log)
        self._log_start = log.stat().st_size if log.exists() else 0
        reading, writing = os.pipe()
        try:
            self._lifeline = fcntl.fcntl(writing, fcntl.F_DUPFD_CLOEXEC, FIRST_LIFELINE)
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    ["/bin/sh", str(LEASH), str(round(grace * 10)), *command],
                    stdin=reading,
                    stdout=output,
                    stderr=output,
                    env=environ,
                    start_new_session=True,
                    pass_fds=[child.lifeline for child in keeps],
                )
        finally:
            os.close(reading)
            os.close(writing)

    @property
    def pid(self) -> int:
        """The process id of the command itself."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative if a signal ended it."""
        return self._process.poll()

    def ended(self) -> ProcessEnded:
        """Return the error that tells how it ended."""
        return ProcessEnded(f"{self.name} ended with exit code {self.exit_code}, see {self._log}\n{self.last_lines()}")

    def last_lines(self) -> str:
        """Return the end of what it wrote, at most TAIL_BYTES."""
        with suppress(FileNotFoundError), self._log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, size - TAIL_BYTES))
            return log.read().decode(errors="replace").strip()
        return ""

    @property
    def lifeline(self) -> int:
        """The descriptor whose last holder keeps it running; negative once it is stopped."""
        return self._lifeline

    def terminate(self) -> None:
        """Ask it to end, without waiting for it. Asks once: a worker that is asked again breaks its calls off."""
        if not self._asked:
            self._asked = True
            self._process.terminate()

    def stop(self) -> None:
        """End it by SIGTERM, after its grace by SIGKILL. An interrupt while waiting ends it at once."""
        if self._lifeline < 0:
            return
        try:
            self.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self._grace)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it by SIGKILL, if it still runs, and let go of it. A second call does nothing."""
        if self._lifeline >= 0:
            self._process.kill()
            self._process.wait()
            os.close(self._lifeline)
            self._lifeline = -1


def _bound(log: Path) -> None:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
