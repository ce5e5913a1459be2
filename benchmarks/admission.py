"""Admission alone on one hot budget: decisions a second, waits, and round trips, from several processes.

    python -m benchmarks.admission --processes 8 --seconds 5 --jobs 10

Each process keeps `--jobs` coroutines that acquire and settle at once, with no call in between: the most that admission
can be asked. With `--think-ms` they pause, so that waits are those of a load and not of a full machine. A
decision is a grant; settles come on top and are not counted. Beside it stands what a bare `PING` takes, asked one after
the other in each process, as admission asks, with pauses that make them about as many; and how many cores the processes
and Redis kept busy: where that is all there are, a wait is mostly one for the processor. A private Redis is started
unless `--redis URL` names one, whose database is then flushed.
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
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles

import redis

from benchmarks.figure import Figure
from mmq.local.redis import EmbeddedRedis
from worker.admission.admission import Admission
from worker.admission.connection import connect
from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits
from worker.configuration.broker import socket_path

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


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured; `round_trips` for a grant and its settle."""

    load: str
    per_s: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    round_trips: float
    script_us: float
    bare_p99_ms: float
    cores: float  #: that the processes and Redis kept busy

    def __str__(self) -> str:
        return (
            f"{self.load}: {self.per_s:,.0f} decisions/s, "
            f"p50 {self.p50_ms:.2f} ms, p99 {self.p99_ms:.2f} ms, p99.9 {self.p999_ms:.2f} ms; "
            f"{self.round_trips:.3f} round trips for a grant and its settle, {self.script_us:.0f} us a script; "
            f"a bare round trip p99 {self.bare_p99_ms:.2f} ms; {self.cores:.1f} cores busy"
        )


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


async def measure_bare(load: Load) -> list[float]:
    """Return the seconds that each `PING` took: as often as admission asks, one after the other."""
    client = connect(load.url)
    trips: list[float] = []
    await asyncio.sleep(max(0.0, load.starts_at - time.time()))
    ends = time.perf_counter() + load.seconds
    while (begun := time.perf_counter()) < ends:
        await client.ping()
        trips.append(time.perf_counter() - begun)
        if load.think_s:
            await asyncio.sleep(random.uniform(0.0, 2 * load.think_s / load.jobs))
    await client.aclose()
    return trips


def run_process(load: Load, number: int) -> tuple[list[float], float]:
    """One worker process, from start to end; return its waits and the seconds of CPU it took."""
    begun = time.process_time()
    return asyncio.run(measure(load, f"benchmark-{number}")), time.process_time() - begun


def run_bare_process(load: Load) -> list[float]:
    """One process without admission, from start to end."""
    return asyncio.run(measure_bare(load))


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
        print(run(options, options.redis))
    else:
        with private_redis() as url:
            print(run(options, url))


def figures() -> list[Figure]:
    """Return the most that eight processes can be told, and how long a decision takes under a load."""
    told = []
    for think_ms in (0.0, 20.0):
        options = argparse.Namespace(processes=8, seconds=5.0, jobs=10, think_ms=think_ms, rpm=6e7)
        with private_redis() as url:
            told.append(run(options, url))
    most, loaded = told
    scenario = "admission alone, one hot budget, eight processes"
    return [
        Figure(scenario, "decisions a second, at its most", most.per_s, "", "at least", 10_000),
        Figure(scenario, "p99 at its most", most.p99_ms, "ms", limit=10.0),
        Figure(scenario, "p99 of a bare round trip beside it", most.bare_p99_ms, "ms"),
        Figure(scenario, "cores busy with it", most.cores),
        Figure(scenario, "round trips a grant and its settle", most.round_trips, limit=2.0),
        Figure(scenario, f"p99 under a load of {loaded.per_s:,.0f} a second", loaded.p99_ms, "ms", limit=10.0),
        Figure(scenario, "p99 of a bare round trip beside that", loaded.bare_p99_ms, "ms"),
        Figure(scenario, "cores busy with that", loaded.cores),
    ]


def run(options: argparse.Namespace, url: str) -> Result:
    """Run the load against the Redis at `url`, whose database is flushed."""
    limits = Limits(rpm=options.rpm, tpm=options.rpm * 1000, concurrency=10**6)
    with redis.Redis.from_url(url) as client, multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        client.flushdb()
        client.config_resetstat()
        load = Load(url, starts(options), options.seconds, options.jobs, options.think_ms / 1000, limits)
        redis_s = cpu_s(client)
        parts = pool.starmap(run_process, [(load, number) for number in range(options.processes)])
        stats, redis_s = client.info("commandstats"), cpu_s(client) - redis_s
        bare = pool.map(run_bare_process, [replace(load, starts_at=starts(options))] * options.processes)
    waits = [wait for part, _ in parts for wait in part]
    scripts = [stats[name] for name in ("cmdstat_evalsha", "cmdstat_eval") if name in stats]
    calls = sum(script["calls"] for script in scripts)
    script_us = sum(script["usec"] for script in scripts) / calls
    cuts = quantiles(waits, n=1000)
    return Result(
        load=f"{options.processes} processes x {options.jobs} jobs",
        per_s=len(waits) / options.seconds,
        p50_ms=cuts[499] * 1e3,
        p99_ms=cuts[989] * 1e3,
        p999_ms=cuts[998] * 1e3,
        round_trips=calls / len(waits),
        script_us=script_us,
        bare_p99_ms=quantiles([trip for part in bare for trip in part], n=100)[98] * 1e3,
        cores=(redis_s + sum(seconds for _, seconds in parts)) / options.seconds,
    )


def cpu_s(client: redis.Redis) -> float:
    """Return the seconds of CPU that Redis has taken."""
    used = client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


def starts(options: argparse.Namespace) -> float:
    """Return when all processes are to begin: once the last of them is there."""
    return time.time() + START_S + options.processes / 4


if __name__ == "__main__":
    main()
