"""All benchmarks, one after the other, each a process of its own with a time limit: what `make bench` runs.

    PYTHONPATH=.:tests python -m benchmarks.suite [--full]

One that fails is told at the end, and the others go on; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from benchmarks.contest.contests import CONTESTS
from benchmarks.contest.ending import in_order
from benchmarks.contest.environments import prepare

MINUTE = 60.0
END_LIMIT_S = 30.0
#: module, arguments, minutes at the most. Pacing and backlogs take a quarter of an hour by themselves: only in full.
SHORT: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("benchmarks.limits", ("simulated", "admission"), 5),
    *(("benchmarks.compare", (name,), 8) for name in CONTESTS),
)
FULL: tuple[tuple[str, tuple[str, ...], float], ...] = (
    *(("benchmarks.compare", (name, "--full"), 90) for name in CONTESTS),
    ("benchmarks.limits", (), 60),
    ("benchmarks.counts", (), 10),
    ("benchmarks.layers", (), 10),
    ("benchmarks.scale", (), 90),
)


def part(module: str, arguments: tuple[str, ...], minutes: float) -> str:
    """Run one, and return how it ended; empty if well."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], start_new_session=True)
    try:
        code = process.wait(minutes * MINUTE)
    except subprocess.TimeoutExpired:
        return f"not done after {minutes:.0f} minutes; what it measured is written, and the same command goes on"
    finally:
        _end(process)
    return f"exit code {code}" if code else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and what it left behind: interrupted, it ends its contenders and servers itself."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_LIMIT_S)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    prepare()
    failed = []
    for module, arguments, minutes in FULL if options.full else SHORT:
        name, begun = " ".join((module, *arguments)), time.monotonic()
        reason = part(module, arguments, minutes)
        print(f"{name}: {reason or 'done'} after {(time.monotonic() - begun) / MINUTE:.1f} minutes", flush=True)
        failed += [f"{name}: {reason}"] if reason else []
    print("\n".join(["benchmarks/results holds what was measured", *failed]))
    return 1 if failed else 0


if __name__ == "__main__":
    with in_order():
        sys.exit(main())
