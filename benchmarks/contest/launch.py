"""Runs a command and ends every process that came of it, also those that left its session.

    python launch.py COMMAND [ARG ...]

It adopts orphans, so that their time is counted and none outlives the run; it ends when the one who started it does.
Exit code: the command's.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GRACE_S = 3.0


def ended(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def parents() -> dict[int, int]:
    """Return each process's parent."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    return found


def descendants(root: int) -> set[int]:
    """Return all processes that come of one, without itself."""
    known, tree = parents(), {root}
    while more := {pid for pid, parent in known.items() if parent in tree} - tree:
        tree |= more
    return tree - {root}


def end_all() -> None:
    """Ask what is left to end, then kill it, and reap it all."""
    for number, limit_s in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)):
        deadline = time.monotonic() + limit_s
        for pid in descendants(os.getpid()):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        while descendants(os.getpid()) and time.monotonic() < deadline:
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.02)


def main() -> int:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the harness has it too, and ends us
    try:
        return subprocess.call(sys.argv[1:])
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_all()


if __name__ == "__main__":
    sys.exit(main())
