"""Finding out everything about one job, and what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from mmq.report.record import Record
from mmq.report.words import counted, duration
from models import leases, pause, queries
from models.session import reading
from models.table import Row, utcnow
from worker.errors import NotFound


def inspect(database: Engine, job_id: str) -> Record:
    """Return a job with all its attempts.

    Raises:
        NotFound: there is none of this id.
    """
    now = utcnow()
    with reading(database) as connection:
        job = queries.job(connection, job_id)
        if job is None:
            raise NotFound(f'no job {job_id!r}; results and errors files name the jobs as "id"')
        attempts = queries.attempts(connection, job_id)
        return Record(job, attempts, _waits_for(connection, job, attempts, now), now)


def _waits_for(connection: Connection, job: Row, attempts: Sequence[Row], now: datetime) -> str:
    """Return why the job has not ended; empty if it has."""
    if job.state == "running":
        return "" if attempts and attempts[-1].outcome is None else "a worker holds it until a limit lets its call out"
    if job.state != "queued":
        return ""
    for row in pause.paused(connection):
        if row.kind == pause.ACCOUNT or row.name == job.lane:
            why = f": {row.code}, {row.reason}" if row.code else ""
            return f"{row.kind} {row.name} is paused{why}"
    if not any(job.lane in worker.lanes.split(",") for worker in leases.alive(connection, now)):
        return f"no worker serves the lane {job.lane}; start one with `mmq up` or `mmq worker`"
    if job.run_at is not None and job.run_at > now:
        return f"the next try is due in {duration((job.run_at - now).total_seconds())}"
    before = queries.jobs_before(connection, job.lane, job.batch_id, job.rank)
    return f"its turn: {counted(before, 'job')} before it in its lane"
