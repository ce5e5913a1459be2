"""Telling the workers of jobs that were just committed, which are safe whether they hear of them or not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from celery import Celery
from sqlalchemy import Engine

from models import feeding
from models.acceptance import NewJob
from models.session import writing
from worker import outage
from worker.feeding import message
from worker.feeding.feed import NUDGE_KEY

log = logging.getLogger(__name__)

TRIES = 2  # the first may only find out that Redis was restarted since


def announce(database: Engine, app: Celery, accepted: Sequence[NewJob]) -> None:
    """Publish the jobs that were inserted as fed, a message each, and wake the feeder for the others.

    Never raises for a broker that is away: the jobs are committed, and are fed when it is back.
    """
    published = [job for job in accepted if job.fed_at is not None]
    for _ in range(TRIES):
        try:
            _send(app, published, wake=len(published) < len(accepted))
        except Exception as exc:
            if not (outage.is_outage(exc) or isinstance(exc, OSError)):
                _leave_to_feeder(database, published)
                raise
            reason = type(exc).__name__
        else:
            return
    log.info("the broker is away, jobs wait in the database: %s", reason)
    _leave_to_feeder(database, published)


def nudge(connection: Any) -> None:
    """Wake the feeder now, if the broker is Redis; else it looks within a second by itself."""
    client = getattr(connection.default_channel, "client", None)
    if client is not None:
        with client.pipeline(transaction=False) as pipe:
            pipe.lpush(NUDGE_KEY, 1).ltrim(NUDGE_KEY, 0, 0).execute()


def _send(app: Celery, published: Sequence[NewJob], *, wake: bool) -> None:
    # A connection from a pool: one of its own for each call would cost as much as the commit.
    with app.producer_pool.acquire(block=True) as producer:
        connection: Any = producer.connection
        connection.ensure_connection(max_retries=0)
        for job in published:
            arguments = message.build(job.lane, [job.id])
            app.send_task(
                message.TASK, kwargs=arguments, queue=job.lane, producer=producer, ignore_result=True, retry=False
            )
        if wake:
            nudge(connection)


def _leave_to_feeder(database: Engine, published: Sequence[NewJob]) -> None:
    if not published:
        return
    try:
        with writing(database) as connection:
            feeding.unfeed(connection, [job.id for job in published])
    except Exception as exc:
        if not outage.is_outage(exc):
            raise
        # The feeder takes their messages for lost after a while, since nothing is in their queue.
        log.info("the database is away, too: %s", outage.brief(exc))
