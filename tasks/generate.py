"""The Celery tasks. Both only hand over to the engine, which reports each job to Flower by its own id."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from celery import Task
from sqlalchemy import Engine

from models import acceptance
from models.lane import Lane
from models.session import open_database, writing
from models.table import utcnow
from models.transitions import Failure
from tasks.contract import CONTRACT_VERSION, GENERATE
from tasks.enqueue import Order, chat_request, enqueue, preflight, rows
from worker import message, outage
from worker.app import app
from worker.bootstep import engine
from worker.errors import InvalidRequest, Problem
from worker.settings import Settings, load

log = logging.getLogger(__name__)


@app.task(name=message.TASK, ignore_result=True, send_events=False)
def run(version: int, lane: str, jobs: Sequence[str]) -> None:
    """Take note of jobs that the feeder announces."""
    if version > message.VERSION:
        log.error("a message of version %d was left to newer workers; its jobs will be fed again", version)
        return
    engine().accept(lane, jobs)


# Acknowledged only after the commit, unlike all others: until then the message is the only copy of the prompt.
@app.task(name=GENERATE, bind=True, ignore_result=True, send_events=False, acks_late=True)
def generate(self: Task[Any, Any], /, **arguments: Any) -> None:
    """Accept a job that was sent as a message (`tasks.contract.Generate`), under its task id."""
    lane = arguments.get("lane", Lane.DEFAULT)
    outage.outlast("database", lambda _again: _accept(str(self.request.id), arguments))
    engine().accept(lane if lane in set(Lane) else Lane.DEFAULT, [str(self.request.id)])


def _accept(job_id: str, arguments: dict[str, Any]) -> None:
    settings, database = _place()
    try:
        order = _order(job_id, arguments, settings)
        preflight(order, settings.api)
    except InvalidRequest as invalid:
        _reject(database, job_id, arguments, invalid)
    else:
        enqueue(database, [order])


def _order(job_id: str, arguments: dict[str, Any], settings: Settings) -> Order:
    version = arguments.get("version", CONTRACT_VERSION)
    if version != CONTRACT_VERSION:
        remedy = "use the tasks/contract.py of the workers' version"
        raise InvalidRequest([Problem("version", f"{version!r} is not served here", remedy)])
    known = {"version", "prompt", "messages", "model", "lane", "custom_id", "deadline", "request"}
    fields = {**arguments.get("request", {}), **{key: arguments[key] for key in arguments if key not in known}}
    model = arguments.get("model") or settings.model
    return Order(
        request=chat_request(arguments.get("prompt"), arguments.get("messages"), model, fields),
        lane=arguments.get("lane", Lane.DEFAULT),
        custom_id=arguments.get("custom_id"),
        deadline=_deadline(arguments.get("deadline")),
        job_id=job_id,
    )


def _deadline(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        problem = Problem("deadline", f"{text!r} is not a moment", "give ISO 8601 with a time zone")
        raise InvalidRequest([problem]) from None


def _reject(database: Engine, job_id: str, arguments: dict[str, Any], invalid: InvalidRequest) -> None:
    """Keep a refused message as a failed job, so that its producer finds the reason under the id it chose."""
    request = {"model": str(arguments.get("model")), "messages": []}
    lane = arguments.get("lane") if arguments.get("lane") in set(Lane) else Lane.DEFAULT
    custom_id = arguments.get("custom_id")
    order = Order(request, lane=str(lane), custom_id=None if custom_id is None else str(custom_id), job_id=job_id)
    failure = Failure("invalid_request", str(invalid), "mend the request and send it under another id")
    with writing(database) as connection:
        acceptance.reject(connection, rows([order])[0], failure, utcnow())
    log.warning("job %s was refused: %s", job_id, ", ".join(problem.field for problem in invalid.problems))


@cache
def _place() -> tuple[Settings, Engine]:
    settings = load(os.environ)
    return settings, open_database(settings.database_url)
