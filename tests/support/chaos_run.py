"""The chaos run: jobs go through while everything around them is killed, and in the end every one is accounted for."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from models.job import Job
from models.session import reading
from models.state import FINAL
from support.chaos_cluster import CALLS, LATENCY_MS, Cluster, sandbox_process
from support.chaos_prompts import prompts
from support.chaos_report import Report
from support.chaos_schedule import Deed, schedule
from support.chaos_traffic import traffic
from support.databases import postgresql_server
from support.patience import within
from support.redis_server import running_redis

WORKERS = 4
AFTERWARDS_S = 600.0  # generous: 5,000 jobs, and what was killed last waits for its lease


def run(folder: Path, *, seed: int, jobs: int, seconds: float) -> Report:
    """Send `jobs` through at least `seconds` of trouble and return what was counted; the services are gone then.

    The seed decides what is done when, and to which worker; what that meets is up to the machine.
    """
    report, asked, began = Report(seed, jobs), prompts(jobs), time.monotonic()
    latency = ("--latency-ms", str(LATENCY_MS), "--jitter", "0.5", "--seed", str(seed))
    with (
        postgresql_server() as postgresql,
        running_redis() as redis,
        sandbox_process(folder, *latency) as sandbox_url,
    ):
        cluster = Cluster(folder, postgresql, redis, sandbox_url)
        events = schedule(seed, seconds, WORKERS)
        try:
            cluster.start_workers(WORKERS)
            with traffic(cluster.environ, cluster.database, asked, events[-1].at / 2):
                within(AFTERWARDS_S, lambda: _ended(cluster) > 0, cluster.last_lines)
                begun = time.monotonic()
                for event in events:
                    time.sleep(max(0.0, begun + event.at - time.monotonic()))
                    cluster.do(event)
                within(AFTERWARDS_S, lambda: _ended(cluster) == jobs, cluster.last_lines)
            codes = cluster.stop_workers()
            report.broken += [f"a worker stopped by exit code {code}" for code in codes if code]
        except AssertionError as stuck:
            report.broken.append(f"it came to no end: {stuck}")
        finally:
            cluster.kill_workers()
        report.broken += cluster.deserters
        report.deeds.update(words.split(":")[0] for _at, words in cluster.diary)
        report.bound = CALLS * (report.deeds[Deed.KILL_WORKER] + report.deeds[Deed.FREEZE_LEADER])
        report.judge(cluster.database, sandbox_url, asked, cluster.log_of)
        cluster.database.dispose()
    report.seconds = round(time.monotonic() - began, 1)
    return report


def _ended(cluster: Cluster) -> int:
    """Return how many jobs have ended; -1 while the database is away."""
    try:
        with reading(cluster.database) as connection:
            return int(connection.scalar(select(func.count()).where(Job.state.in_(FINAL))) or 0)
    except DBAPIError:
        return -1
