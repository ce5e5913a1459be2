"""The Celery tasks. Both only hand over to the engine, which reports each job to Flower by its own id."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from celery import Task
from celery.exceptions import Reject
from celery.signals import worker_ready, worker_shutting_down

from models import acceptance
from models.lane import Lane
from models.session import FROZEN_AFTER_S, open_database, writing
from models.table import utcnow
from models.transitions import Failure
from tasks.arguments import job_id_of, order_of, refused
from tasks.contract import GENERATE
from tasks.enqueue import Entrance, rows
from tasks.order import Order, preflight
from tasks.refusal import no_room, not_understood, too_new
from worker import outage, trace
from worker.app import app
from worker.bootstep import engine
from worker.errors import InvalidRequest, Problem, QueueFull
from worker.feeding import message
from worker.provider.quoting import quote
from worker.routing.judge import Judge
from worker.settings import Settings, load

log = logging.getLogger(__name__)

_stopping = threading.Event()


@app.task(name=message.TASK, ignore_result=True, send_events=False)
def run(version: Any, lane: str = Lane.DEFAULT, jobs: Sequence[Any] = (), **_newer: Any) -> None:
    """Take note of jobs that the feeder announces."""
    if not isinstance(version, int) or version > message.VERSION:
        log.error("a message of version %s was left to newer workers; its jobs will be fed again", quote(version))
        return
    # Anybody can write to the broker; an id that no column holds would end the claim of all that came with it.
    engine().accept(lane, [job for job in jobs if isinstance(job, str) and job_id_of(job) == job])


# Acknowledged only after the commit, unlike all others: until then the message is the only copy of the prompt.
@app.task(name=GENERATE, bind=True, ignore_result=True, send_events=False, acks_late=True)
def generate(self: Task[Any, Any], /, *positional: Any, **arguments: Any) -> None:
    """Accept a job that was sent as a message (`tasks.contract.Generate`), under its task id.

    A worker that is stopped while the database is away gives the message back.
    """
    task_id = str(self.request.id)
    try:
        outage.outlast("database", lambda _again: _accept(task_id, positional, arguments), closing=_stopping)
    except Exception as exc:
        if not outage.is_outage(exc):
            raise
        raise Reject(outage.brief(exc), requeue=True) from None


@worker_shutting_down.connect
def stop_waiting(**_facts: Any) -> None:
    """Let no message that waits for the database hold up a stop."""
    _stopping.set()


def _accept(task_id: str, positional: Sequence[Any], arguments: Mapping[str, Any]) -> None:
    place = _place()
    try:
        order = order_of(task_id, positional, arguments, place.settings.model)
        preflight(order, place.judge)
        if newer := too_new(arguments):
            _keep(place, order, newer)
        else:
            # By way of the lane, so that it keeps its turn and a pause holds it, too.
            place.entrance.enqueue([order])
    except QueueFull as full:
        _keep(place, order, no_room(full))
    except InvalidRequest as invalid:
        _keep(place, refused(task_id, arguments), too_new(arguments) or not_understood(invalid))
    except Exception as exc:
        if outage.is_outage(exc):
            raise
        # Celery acknowledges what raises: a message that we cannot handle is kept as a failed job, too.
        log.error("task %s cannot be accepted: %s", task_id, trace.of(exc))  # noqa: TRY400  the words may be a prompt
        fault = Problem("message", f"cannot be accepted: {type(exc).__name__}", "report it with the worker's log")
        _keep(place, refused(task_id, arguments), not_understood(InvalidRequest([fault])))


def _keep(place: _Place, order: Order, failure: Failure) -> None:
    """Keep a message that is not accepted as a failed job, so that its producer finds the reason under its id."""
    (row,) = rows([order])
    with writing(place.entrance.database) as connection:
        acceptance.reject(connection, row, failure, utcnow())
    log.warning("job %s was refused: %s", row.id, failure.code)


@worker_ready.connect
def prepare(**_facts: Any) -> None:
    """Read the settings before the first message comes: by then somebody may have broken the file that they are in."""
    _place()


@dataclass(frozen=True, slots=True)
class _Place:
    settings: Settings
    entrance: Entrance
    judge: Judge


@cache
def _place() -> _Place:
    settings = load(os.environ)
    return _Place(
        settings,
        Entrance.of(settings, open_database(settings.database_url, frozen_after_s=FROZEN_AFTER_S), app),
        Judge(settings.payers),
    )
