"""What a job asks of Redis and PostgreSQL, counted by the servers themselves, and from that what one of each carries.

    PYTHONPATH=.:tests python -m benchmarks.counts [--jobs N] [--in-flight N]

Writes `benchmarks/results/counts.md` and `.json`. The last part is arithmetic: a server that spends so much of a
processor on a job is full at so many a second; docs/scaling.md says what to do before.
"""

from __future__ import annotations

import argparse
from typing import Any

import psycopg
import redis

from benchmarks.contest.entries import OURS_POSTGRESQL
from benchmarks.contest.run import run
from benchmarks.contest.scenario import Scenario
from benchmarks.contest.services import Services, services
from benchmarks.figure import Figure, machine, table, write

CARRIED = 1000.0  # jobs a second that rates are reckoned for


def counted(here: Services, few: int, many: int, in_flight: int) -> list[Figure]:
    """Run few jobs and many on PostgreSQL, and return what each of those between took: beginnings cancel out."""
    one, other = (totals(here, jobs, in_flight) for jobs in (few, many))
    told = []
    for where, name in other:
        a_job = (other[where, name] - one[where, name]) / (many - few)
        unit = {"processor": "ms", "written ahead": "bytes", "kept, indexes included": "bytes"}.get(name, "")
        unit = "bytes" if name in ("received", "sent") else unit
        told.append(Figure(f"{where}, a job", name, a_job, unit))
    return told


def totals(here: Services, jobs: int, in_flight: int) -> dict[tuple[str, str], float]:
    """Return what one run took altogether, the submission of its jobs included, by server and figure."""
    scenario = Scenario(f"{jobs:,} calls of 50 ms", "throughput", jobs, in_flight)
    with psycopg.connect(here.postgresql_url, autocommit=True) as server:
        begun = _wal(server)
        figures = run(here, scenario, OURS_POSTGRESQL)
        wal_bytes = _wal(server) - begun
        database = server.execute(
            "SELECT pg_database_size(datname), xact_commit, tup_inserted, tup_updated, tup_fetched"
            " FROM pg_stat_database WHERE datname LIKE 'bench\\_%'"
        ).fetchone()
    assert database is not None
    with redis.Redis.from_url(here.redis_url) as client:
        stats: Any = client.info("stats")
        commands: Any = client.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): facts["calls"] for name, facts in commands.items()}
    return {
        ("PostgreSQL", "commits"): database[1],
        ("PostgreSQL", "rows inserted"): database[2],
        ("PostgreSQL", "rows updated"): database[3],
        ("PostgreSQL", "rows fetched by an index"): database[4],
        ("PostgreSQL", "written ahead"): wal_bytes,
        ("PostgreSQL", "kept, indexes included"): database[0],
        ("PostgreSQL", "processor"): jobs * figures["CPU ms a job, PostgreSQL"],
        ("Redis", "commands, those inside scripts included"): stats["total_commands_processed"],
        ("Redis", "scripts"): sum(calls.get(name, 0) for name in ("evalsha", "eval")),
        ("Redis", "messages pushed"): sum(calls.get(name, 0) for name in ("lpush", "rpush")),
        ("Redis", "received"): stats["total_net_input_bytes"],
        ("Redis", "sent"): stats["total_net_output_bytes"],
        ("Redis", "processor"): jobs * figures["CPU ms a job, Redis"],
        ("worker and producer", "processor"): jobs * figures["CPU ms a job"],
    }


def carried(figures: list[Figure]) -> list[Figure]:
    """Reckon what one of each carries, at the most, and what a thousand jobs a second take."""
    of = {(figure.scenario, figure.name): figure.value for figure in figures}
    redis_ms, sql_ms = of["Redis, a job", "processor"], of["PostgreSQL, a job", "processor"]
    worker_ms = of["worker and producer, a job", "processor"]
    return [
        Figure("one Redis, one processor full", "jobs", 1000 / redis_ms, "a second"),
        Figure("one PostgreSQL, each processor full", "jobs", 1000 / sql_ms, "a second"),
        Figure("one worker process, its processor full", "jobs", 1000 / worker_ms, "a second"),
        Figure("at 1,000 jobs a second", "commits", CARRIED * of["PostgreSQL, a job", "commits"], "a second"),
        Figure(
            "at 1,000 jobs a second",
            "write-ahead log",
            CARRIED * of["PostgreSQL, a job", "written ahead"] / 1e6,
            "MB a second",
        ),
        Figure(
            "at 1,000 jobs a second",
            "kept a day",
            CARRIED * 86_400 * of["PostgreSQL, a job", "kept, indexes included"] / 1e9,
            "GB",
        ),
        Figure(
            "at 1,000 jobs a second", "through Redis", CARRIED * of["Redis, a job", "received"] / 1e6, "MB a second"
        ),
    ]


def _wal(server: psycopg.Connection[Any]) -> float:
    row = server.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')").fetchone()
    assert row is not None
    return float(row[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--in-flight", type=int, default=50)
    options = parser.parse_args()
    with services() as here:
        facts = machine() | {"calls in flight": options.in_flight}
        figures = counted(here, max(1, options.jobs // 10), options.jobs, options.in_flight)
    figures += carried(figures)
    write("counts", figures, facts)
    print(table(figures))


if __name__ == "__main__":
    main()
