"""Finding out everything about one job, and what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from redis.exceptions import RedisError
from sqlalchemy import Connection, Engine

from mmq.report.outlook import Outlook
from mmq.report.record import Record
from mmq.report.words import counted, duration
from mmq.run.forecast import obstacle, seconds_until, waiting_before
from models import clock, leases, pause, pausing, queries
from models.lane import Lane
from models.session import reading
from models.table import Row, utcnow
from worker.admission.connection import connect
from worker.admission.keys import BudgetKey
from worker.admission.status import BudgetStatus, read_status
from worker.errors import NotFound
from worker.routing.accounts import all_paused, serving
from worker.settings import Settings

MOVING = frozenset({"turn", "limit"})


def inspect(settings: Settings, database: Engine, job_id: str) -> Record:
    """Return a job with all its attempts, and why it waits.

    Raises:
        NotFound: there is none of this id.
    """
    now = utcnow()
    with reading(database) as connection:
        job = queries.job(connection, job_id)
        if job is None:
            raise NotFound(f'no job {job_id!r}; results and errors files name the jobs as "id"')
        attempts = queries.attempts(connection, job_id)
        outlook = _outlook(settings, connection, job, attempts, now)
        ahead = _ahead(connection, job, outlook)
    if outlook is not None and outlook.reason in MOVING:
        outlook = _forecast(settings, job, outlook, ahead, now)
    return Record(job, attempts, outlook, now)


def _outlook(
    settings: Settings, connection: Connection, job: Row, attempts: Sequence[Row], now: datetime
) -> Outlook | None:
    """Return what SQL knows of why the job has not ended; None if it has, or if its call is out."""
    if job.state == "queued":
        return _held_up(settings, connection, job, now) or _turn(connection, job)
    if job.state == "running" and not (attempts and attempts[-1].outcome is None):
        return Outlook("limit", "a worker holds it until a limit lets its call out")
    return None


def _held_up(settings: Settings, connection: Connection, job: Row, now: datetime) -> Outlook | None:
    """Return why its turn cannot come; None if it can."""
    pauses = pausing.paused(connection)
    if any(row.kind == pause.LANE and row.name == job.lane for row in pauses):
        return Outlook("lane_paused", f"lane {job.lane} is paused; `mmq resume lane {job.lane}` opens it")
    accounts = [payer.name for payer in serving(settings.payers, job.model)]
    if (closed := all_paused(accounts, pauses)) is not None:
        why = f": {closed.code}, {closed.reason}; {closed.remedy}" if closed.code else ""
        return Outlook("account_paused", f"account {closed.name} is paused{why}")
    if not any(job.lane in worker.lanes.split(",") for worker in leases.alive(connection, clock.now(connection))):
        return Outlook("no_worker", f"no worker serves the lane {job.lane}; start one with `mmq up` or `mmq worker`")
    if job.run_at is not None and job.run_at > now:
        seconds = (job.run_at - now).total_seconds()
        return Outlook("retry", f"the next try is due in {duration(seconds)}", starts_at=job.run_at)
    return None


def _turn(connection: Connection, job: Row) -> Outlook:
    if job.fed_at is not None:
        return Outlook("turn", "it was handed to the workers, and the next that is free takes it", before=0)
    before = queries.jobs_before(connection, job.lane, job.batch_id, job.rank)
    return Outlook("turn", f"its turn: {counted(before, 'job')} before it in its lane", before=before)


def _ahead(connection: Connection, job: Row, outlook: Outlook | None) -> int:
    """Return how many jobs that no worker holds yet go before it: of its lane, and all of more urgent ones."""
    if outlook is None or outlook.before is None:
        return 0
    lanes = [lane.value for lane in Lane]
    urgent = lanes[: lanes.index(job.lane)]
    queued = (row.jobs for row in queries.counts_by_lane(connection) if row.lane in urgent and row.state == "queued")
    return outlook.before + int(sum(queued))


def _forecast(settings: Settings, job: Row, outlook: Outlook, ahead: int, now: datetime) -> Outlook:
    """Return the outlook with what its budgets say: what holds calls back, and about when its own goes out."""
    budgets = [BudgetKey(payer.name, job.model) for payer in serving(settings.payers, job.model)]
    try:
        statuses = asyncio.run(_statuses(settings.redis_url, budgets))
    except (RedisError, OSError):
        away = "Redis is away, and no call goes out until it is back"
        return replace(outlook, text=f"{outlook.text}; {away}", dimension="redis")
    found = [held for status in statuses if (held := obstacle(status)) is not None]
    held = found[0] if len(found) == len(statuses) else None  # an account that lets calls out is no obstacle
    # One that a worker holds already stands somewhere among those that wait there: at their end at the latest.
    seconds = seconds_until(ahead + waiting_before(job.lane, statuses), statuses)
    starts_at = None if seconds is None else now + timedelta(seconds=seconds)
    return replace(
        outlook,
        text=f"{outlook.text}; {held.text}" if held else outlook.text,
        dimension=held.dimension if held else None,
        starts_at=starts_at,
        deadline_at_risk=job.deadline is not None and starts_at is not None and starts_at >= job.deadline,
    )


async def _statuses(redis_url: str, budgets: Sequence[BudgetKey]) -> list[BudgetStatus]:
    redis = connect(redis_url)
    try:
        return [await read_status(redis, budget) for budget in budgets]
    finally:
        await redis.aclose()
