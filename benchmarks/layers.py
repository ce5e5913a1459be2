"""Where a job's time goes: CPU a job by thread, and, in a second run, by layer of the engine's loop.

    PYTHONPATH=.:tests python -m benchmarks.layers [--jobs N] [--calls N] [--database sqlite|postgresql]

The engine runs in this process, against the light provider in another; its feeder hands jobs straight back to it, so
Celery's share and its events are left out. Profiling makes functions dearer than what they wait for, so of the second
run only the shares mean something. Writes `benchmarks/results/layers.md` and `.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.contest.services import Services, services
from benchmarks.figure import Figure, machine, table, write
from mmq.queue import Queue
from mmq.schema import migrate
from support.engine import Events
from worker.engine import Engine
from worker.settings import Settings, load
from worker.telemetry import Telemetry

UNLIMITED = "60000000"
LATENCY_MS = 50
LOOK_S = 0.2
ROOT = Path(__file__).parents[1]
LIBRARY = str(Path(asyncio.__file__).parents[1])


class Measured(Engine):
    """An engine whose loop can be profiled."""

    profile: cProfile.Profile | None = None

    def _run(self) -> None:
        if self.profile:
            self.profile.enable()
        try:
            super()._run()
        finally:
            if self.profile:
                self.profile.disable()


def settings(here: Services, database_url: str | None, home: str, calls: int) -> Settings:
    """Return settings under which nothing limits."""
    limits = dict.fromkeys(("MMQ_RPM", "MMQ_CONCURRENCY"), UNLIMITED) | {"MMQ_TPM": f"{UNLIMITED}000"}
    places = {"MINIMAX_BASE_URL": here.provider_url, "MINIMAX_API_KEY": "key", "MMQ_HOME": home}
    database = {"MMQ_DATABASE_URL": database_url} if database_url else {}
    return load(
        places | limits | database | {"MMQ_REDIS_URL": here.redis_url, "MMQ_CALLS": str(calls)}, key_needed=True
    )


def run(here: Services, jobs: int, calls: int, kind: str, profile: cProfile.Profile | None) -> dict[str, float]:
    """Answer so many jobs, and return milliseconds of CPU a job by thread."""
    postgresql = here.reset(LATENCY_MS)
    with tempfile.TemporaryDirectory(prefix="mmq-layers-") as home:
        found = settings(here, postgresql if kind == "postgresql" else None, home, calls)
        queue, events = Queue(found), Events()
        migrate(queue.database)
        queue.submit_many((f"Say ok to number {number}." for number in range(jobs)), lane="bulk")
        engine: Any = Measured(
            found,
            name="layers@host",
            lanes=("bulk",),
            publish=lambda lane, ids: engine.accept(lane, ids),  # noqa: PLW0108  there is no engine yet
            telemetry=Telemetry(lambda: events),
        )
        engine.profile = profile
        engine.start()
        while here.ask("stats")["answered"] < jobs:
            time.sleep(LOOK_S)
        times = by_thread()
        engine.stop(grace_s=10)
        queue.close()
    return {name: 1000 * seconds / jobs for name, seconds in times.items()}


def by_thread() -> dict[str, float]:
    """Return seconds of CPU of each thread but this one, which submits and looks; numbered ones together."""
    times: Counter[str] = Counter()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.ident is not None:
            name = thread.name.rstrip("0123456789").rstrip("_-")
            times[{"asyncio": "feeding"}.get(name, name)] += time.clock_gettime(
                time.pthread_getcpuclockid(thread.ident)
            )
    return dict(times)


def by_layer(profile: cProfile.Profile) -> Counter[str]:
    """Return seconds by layer; what is built in counts for who calls it."""
    spent: Counter[str] = Counter()
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (file, _, _), (_, _, own, _, callers) in stats.items():
        if file != "~":
            spent[layer(file)] += own
            continue
        for (caller, _, _), (_, _, theirs, _) in callers.items():
            spent[layer(caller)] += theirs
    del spent["waiting"]
    return spent


def layer(file: str) -> str:
    """Return which part of the house, or which library, a file is of."""
    path = Path(file)
    if path.is_relative_to(ROOT) and "site-packages" not in file:
        return "/".join(path.relative_to(ROOT).with_suffix("").parts[:2])
    if "site-packages" in file:
        return Path(file.rpartition("site-packages/")[2]).parts[0]
    if path.name == "selectors.py" or file == "~":
        return "waiting"
    return f"Python's {Path(file).relative_to(LIBRARY).with_suffix('').parts[0]}" if LIBRARY in file else "Python"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--database", default="postgresql", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    with services() as here:
        facts = machine() | {"database": options.database, "calls in flight": options.calls}
        times = run(here, options.jobs, options.calls, options.database, None)
        profile = cProfile.Profile(time.thread_time)
        run(here, options.jobs, options.calls, options.database, profile)
    figures = [Figure("CPU a job, by thread", name, value, "ms") for name, value in sorted(times.items())]
    spent = by_layer(profile)
    figures += [
        Figure("share of the engine's loop, by layer", name, 100 * seconds / spent.total(), "%")
        for name, seconds in spent.most_common(25)
    ]
    write("layers", figures, facts)
    print(table(figures))


if __name__ == "__main__":
    sys.exit(main())
