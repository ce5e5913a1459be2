"""All steps at which somebody may die, several at a time, and the table of what became of their jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from models.session import open_database
from support.dying_life import Fate, Life
from support.dying_steps import STEPS, Step
from support.redis_server import running_redis
from support.workers import Place

AT_A_TIME = 6  # lives: most of each is waiting for a lease to run out


def live_all(folder: Path, database_url: Callable[[], str], steps: Sequence[Step] = STEPS) -> list[Fate]:
    """Return the fates, in the order of the steps. Each life has a database, a Redis and a home of its own."""
    with (
        SandboxThread(SandboxConfig.of(latency_ms=5)) as sandbox,
        ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="life") as pool,
    ):
        return list(pool.map(lambda step: _live(step, folder / step.name, database_url(), sandbox), steps))


def table(fates: Sequence[Fate]) -> str:
    """Return the fates as a Markdown table, with the databases of one step beside each other."""
    databases = list(dict.fromkeys(fate.database for fate in fates))
    went_on = {(fate.step.name, fate.database): f"{fate.went_on_s:.1f} s" for fate in fates}
    rows = [["killed", "at", "calls made again", "in the ledger", *(f"answered after, {name}" for name in databases)]]
    rows.append(["---"] * 4 + ["---:"] * len(databases))
    for step in dict.fromkeys(fate.step for fate in fates):
        seconds = [went_on.get((step.name, name), "") for name in databases]
        rows.append([step.who, step.text, str(step.repeated), ", ".join(step.outcomes), *seconds])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _live(step: Step, home: Path, url: str, sandbox: SandboxThread) -> Fate:
    home.mkdir()
    database = open_database(url)
    try:
        with running_redis() as redis:
            return Life(step, Place(database, redis, sandbox, home), f"Killed at {step.name}, {url[-12:]}").live()
    finally:
        database.dispose()
