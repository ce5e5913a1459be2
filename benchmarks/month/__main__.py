"""A day of traffic in minutes: what a worker, its Redis and its admission hold while it goes by.

    PYTHONPATH=.:tests python -m benchmarks.day [JOBS]

By default 20,000 jobs go through a real worker process, with SQLite, Redis and the sandbox, and are counted after each
500; then four workers' admission lives through 24 hours at 60 requests a minute, 86,400 calls, on a clock that jumps.
Writes `results/day.md`, with a plot of each count, and `results/day.json`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import redis

from benchmarks.figure import RESULTS, Figure, machine, write
from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from mmq.schema import migrate
from models.session import open_database
from support.growth import descriptors, resident_bytes, threads
from support.redis_server import running_redis
from support.simulated_cluster import SimulatedCluster
from support.simulated_provider import SimulatedProvider
from support.virtual_time import run_virtually
from support.workers import Place
from worker.admission.limits import Limits

JOBS, A_WAVE = 20_000, 500
HOURS = 24
WAVE_LIMIT_S = 300
WARM = 0.25  # of the way: until then pools fill, caches settle and SQLite's pages are read
BARS = "▁▂▃▄▅▆▇█"

Samples = dict[str, list[float]]


def worked(jobs: int) -> Samples:
    """Send jobs through a worker process, wave after wave, and look at it after each."""
    samples: Samples = {}
    with tempfile.TemporaryDirectory(prefix="mmq-day-") as folder, running_redis() as server:
        database = open_database(f"sqlite:///{folder}/mmq.sqlite3")
        migrate(database)
        with SandboxThread(SandboxConfig.of(latency_ms=5)) as sandbox:
            place = Place(database, server, sandbox, Path(folder))
            place.environ |= {"MMQ_RPM": "600000", "MMQ_CALLS": "50"}
            with (
                place.queue() as queue,
                place.worker() as worker,
                redis.Redis(unix_socket_path=server.socket_path) as at,
            ):
                for wave in range(jobs // A_WAVE):
                    handles = queue.submit_many([f"Wave {wave}, job {job}" for job in range(A_WAVE)], lane="bulk")
                    counts = handles.wait(WAVE_LIMIT_S)
                    if counts != {"succeeded": A_WAVE}:
                        raise RuntimeError(f"wave {wave} came to {counts}")
                    seen = {
                        "worker: memory, MB": resident_bytes(worker.pid) / 1e6,
                        "worker: descriptors": descriptors(worker.pid),
                        "worker: threads": threads(worker.pid),
                        "Redis: memory, MB": at.info("memory")["used_memory"] / 1e6,
                        "Redis: keys": at.dbsize(),
                        "Redis: connections": len(at.client_list()),
                    }
                    for name, value in seen.items():
                        samples.setdefault(name, []).append(value)
        database.dispose()
    return samples


def admitted(hours: int) -> Samples:
    """Let admission be saturated for hours of a clock that jumps, and look at this process once an hour."""
    provider = SimulatedProvider(requests=60)
    memory: list[float] = []
    keys: list[float] = []

    async def live() -> None:
        cluster = SimulatedCluster(provider, Limits(rpm=60), workers=4)
        async with cluster.saturated(at_once=5):
            for _ in range(hours):
                await asyncio.sleep(3600.0)
                memory.append(resident_bytes("self") / 1e6)
                keys.append(len(asyncio.all_tasks()))
        await cluster.close()

    run_virtually(live())
    if provider.answered < 0.9 * 60 * 60 * hours:
        raise RuntimeError(f"{provider.answered} calls were answered in {hours} h")
    return {"admission, 24 h: memory, MB": memory, "admission, 24 h: tasks": keys}


def growth(name: str, values: Sequence[float]) -> Figure:
    """Return by how much the last quarter of the samples is above the quarter that follows the warming up."""
    warm, quarter = int(len(values) * WARM), max(1, len(values) // 4)
    before, after = values[warm : warm + quarter], values[-quarter:]
    change = 100 * (sum(after) / len(after)) / (sum(before) / len(before)) - 100
    return Figure("growth from the second quarter to the last", name, change, "%", limit=5.0)


def plot(values: Sequence[float]) -> str:
    """Return the samples as bars from zero, so that what is flat looks flat."""
    most = max(values) or 1.0
    return "".join(BARS[min(len(BARS) - 1, int(value / most * len(BARS)))] for value in values)


def main(jobs: int) -> None:
    """Measure, print and write."""
    samples = worked(jobs) | admitted(HOURS)
    figures = [growth(name, values) for name, values in samples.items()]
    write("day", figures, machine() | {"jobs": jobs})
    width = max(map(len, samples))
    plots = "\n".join(
        f"{name:{width}}  {plot(values)}  {values[0]:.6g} … {values[-1]:.6g}" for name, values in samples.items()
    )
    page = RESULTS / "day.md"
    page.write_text(f"{page.read_text('utf-8')}\n```text\n{plots}\n```\n", encoding="utf-8")
    (RESULTS / "day.samples.json").write_text(json.dumps(samples) + "\n", encoding="utf-8")
    print(page.read_text("utf-8"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else JOBS)
