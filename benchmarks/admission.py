"""Admission alone on one hot budget: decisions a second, waits, and round trips, from several processes.

    python -m benchmarks.admission --processes 8 --seconds 5 --jobs 10

Each process keeps `--jobs` coroutines that acquire and settle at once, with no call in between: the most that admission
can be asked. With `--think-ms` they pause, so that waits are those of a load and not of a full machine. A
decision is a grant; settles come on top and are not counted. A private Redis is started unless `--redis URL` names one,
whose database is then flushed.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import redis

from mmq.local.redis import EmbeddedRedis
from worker.admission.admission import Admission
from worker.admission.connection import connect
from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits
from worker.broker import socket_path

BUDGET = BudgetKey("benchmark", "hot")
START_S = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """What each process does."""

    url: str
    starts_at: float  #: by `time.time`, so that all begin together
    seconds: float
    jobs: int
    think_s: float  #: between a settle and the next acquire
    limits: Limits


async def measure(load: Load, worker: str) -> list[float]:
    """Return the seconds that each acquire took."""
    client = connect(load.url)
    admission = Admission(client, worker=worker)
    waits: list[float] = []
    await asyncio.sleep(max(0.0, load.starts_at - time.time()))
    ends = time.perf_counter() + load.seconds

    async def job() -> None:
        while (begun := time.perf_counter()) < ends:
            reservation = await admission.acquire(BUDGET, load.limits, lane="bulk", tokens=1000)
            waits.append(time.perf_counter() - begun)
            await admission.settle(reservation, 800)
            if load.think_s:
                await asyncio.sleep(random.uniform(0.0, 2 * load.think_s))

    await asyncio.gather(*(job() for _ in range(load.jobs)))
    await admission.close()
    await client.aclose()
    return waits


def run_process(load: Load, number: int) -> list[float]:
    """One worker process, from start to end."""
    return asyncio.run(measure(load, f"benchmark-{number}"))


@contextmanager
def private_redis() -> Iterator[str]:
    """Start a Redis that saves nothing and yield its URL."""
    with tempfile.TemporaryDirectory(prefix="mmq-bench-") as directory:
        home = Path(directory)
        server = EmbeddedRedis(home)
        server.ensure()
        try:
            yield f"unix://{socket_path(home)}"
        finally:
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--jobs", type=int, default=10, help="coroutines a process")
    parser.add_argument("--think-ms", type=float, default=0.0, help="mean pause of a coroutine between two calls")
    parser.add_argument("--rpm", type=float, default=6e7, help="a limit that is computed but never reached")
    parser.add_argument("--redis", help="URL of a Redis to flush and use")
    options = parser.parse_args()
    if options.redis:
        report(options, options.redis)
    else:
        with private_redis() as url:
            report(options, url)


def report(options: argparse.Namespace, url: str) -> None:
    """Run the load and print one line of figures."""
    limits = Limits(rpm=options.rpm, tpm=options.rpm * 1000, concurrency=10**6)
    with redis.Redis.from_url(url) as client, multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        client.flushdb()
        client.config_resetstat()
        load = Load(
            url,
            time.time() + START_S + options.processes / 4,
            options.seconds,
            options.jobs,
            options.think_ms / 1000,
            limits,
        )
        parts = pool.starmap(run_process, [(load, number) for number in range(options.processes)])
        stats = client.info("commandstats")
    waits = [wait for part in parts for wait in part]
    scripts = [stats[name] for name in ("cmdstat_evalsha", "cmdstat_eval") if name in stats]
    calls = sum(script["calls"] for script in scripts)
    script_us = sum(script["usec"] for script in scripts) / calls
    cuts = quantiles(waits, n=1000)
    print(
        f"{options.processes} processes x {options.jobs} jobs: {len(waits) / options.seconds:,.0f} decisions/s, "
        f"p50 {cuts[499] * 1e3:.2f} ms, p99 {cuts[989] * 1e3:.2f} ms, p99.9 {cuts[998] * 1e3:.2f} ms; "
        f"{calls / len(waits):.3f} round trips for a grant and its settle, {script_us:.0f} us a script"
    )


if __name__ == "__main__":
    main()
