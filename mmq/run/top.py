"""Looking at the queue at work."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from mmq.report.watched import Failure, Watched
from mmq.run.budgets import look
from mmq.run.survey import survey
from models import recent
from models.session import reading
from models.table import utcnow
from worker.settings import Settings

FAILURES = 8
MINUTE = timedelta(minutes=1)


def watch(settings: Settings, database: Engine) -> Watched:
    """Return lanes, budgets, workers, pauses and the last failures as they are now."""
    seen = survey(settings, database, batches=0)
    budgets, note = look(settings, database, None, None)
    now = utcnow()
    with reading(database) as connection:
        a_minute = recent.ended_since(connection, now - MINUTE)
        failed = recent.failures(connection, FAILURES)
    return Watched(
        at=now,
        lanes=seen.lanes,
        a_minute=a_minute,
        budgets=budgets,
        note=note,
        workers=seen.workers,
        pauses=seen.pauses,
        failures=[
            Failure(
                row.id,
                row.finished_at,
                row.lane,
                row.model,
                row.account,
                row.error_code,
                row.error_message or "",
                row.request_id,
            )
            for row in failed
        ],
    )
