"""Enqueueing: from a checked chat request to a committed row, and word of it to the workers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import Celery
from sqlalchemy import Engine

from models import acceptance, feeding, pause
from models.acceptance import NewJob
from models.identity import new_id, next_ranks
from models.lane import Lane
from models.session import writing
from models.table import utcnow
from models.text import storable
from worker import outage
from worker.errors import InvalidRequest, Problem
from worker.feeding import message
from worker.feeding.feed import NUDGE_KEY
from worker.provider.quoting import quote
from worker.provider.tokens import estimate_prompt_tokens
from worker.routing.judge import Judge

log = logging.getLogger(__name__)

#: Of a custom_id or an idempotency key: in UTF-8, PostgreSQL's index takes no text above 2,704 bytes.
LONGEST_NAME = 600
TRIES = 2  # the first may only find out that Redis was restarted since


@dataclass(frozen=True, slots=True)
class Order:
    """One generation that somebody asks for. `request` is a chat request: `{"model", "messages", ...}`."""

    request: Mapping[str, Any]
    lane: str = Lane.DEFAULT
    custom_id: str | None = None
    position: int = 0
    idempotency_key: str | None = None
    deadline: datetime | None = None
    job_id: str | None = None


def chat_request(
    prompt: str | None, messages: Sequence[Mapping[str, Any]] | None, model: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a chat request of either a prompt or messages. Fields that are None are as good as absent.

    Raises:
        InvalidRequest: both or neither given, or messages that are no list of objects.
    """
    if (prompt is None) == (messages is None):
        given = "both are given" if prompt is not None else "neither is given"
        raise InvalidRequest([Problem("prompt", given, "give either prompt or messages")])
    given_fields = {name: value for name, value in fields.items() if value is not None}
    turns = [{"role": "user", "content": prompt}] if messages is None else _turns(messages)
    return {"model": model, "messages": turns, **given_fields}


def _turns(messages: Any) -> list[dict[str, Any]]:
    if not isinstance(messages, list | tuple) or not all(isinstance(turn, Mapping) for turn in messages):
        remedy = 'write [{"role": "user", "content": "..."}]'
        raise InvalidRequest([Problem("messages", "is no list of objects", remedy)])
    return [dict(turn) for turn in messages]


def preflight(order: Order, judge: Judge) -> list[str]:
    """Check an order; return warnings.

    Raises:
        InvalidRequest: with all that makes it fail for certain.
    """
    findings = judge(order.request)
    problems = [Problem(found.field, found.message, found.remedy) for found in findings if found.fatal]
    problems += _problems(order)
    if problems:
        raise InvalidRequest(problems)
    return [f"{found.field}: {found.message}" for found in findings]


def _problems(order: Order) -> Iterator[Problem]:
    if order.lane not in list(Lane):
        yield Problem("lane", f"{quote(order.lane)} is no lane", f"use one of {', '.join(Lane)}")
    if order.deadline is not None and order.deadline.tzinfo is None:
        yield Problem("deadline", f"{order.deadline} has no time zone", "give an aware datetime")
    for field in ("custom_id", "idempotency_key"):
        text = getattr(order, field)
        if text is None:
            continue
        if not isinstance(text, str) or storable(text) != text:
            yield Problem(field, f"{quote(text)} is no text that can be stored", "give a string without NUL")
        elif len(text) > LONGEST_NAME:
            yield Problem(field, f"{len(text)} characters, at most {LONGEST_NAME}", "shorten it")


def rows(orders: Sequence[Order], batch_id: str | None = None) -> list[NewJob]:
    """Return the rows of checked orders, in their order."""
    now = utcnow()
    return [
        NewJob(
            id=order.job_id or new_id(),
            batch_id=batch_id,
            custom_id=order.custom_id,
            position=order.position,
            idempotency_key=order.idempotency_key,
            lane=order.lane,
            rank=rank,
            model=order.request["model"],
            request=json.dumps(order.request, ensure_ascii=False, separators=(",", ":")),
            prompt_tokens=estimate_prompt_tokens(order.request),
            created_at=now,
            deadline=order.deadline,
        )
        for order, rank in zip(orders, next_ranks(len(orders)), strict=True)
    ]


def announce(database: Engine, app: Celery, accepted: Sequence[NewJob]) -> None:
    """Tell the workers of committed jobs: interactive ones by a message each, the others by waking the feeder.

    Never raises for a broker that is away: the jobs are safe, and are fed when it is back.
    """
    for _ in range(TRIES):
        try:
            _announce(database, app, accepted)
        except Exception as exc:
            if not (outage.is_outage(exc) or isinstance(exc, OSError)):
                raise
            reason = type(exc).__name__
        else:
            return
    log.info("the broker is away, jobs wait in the database: %s", reason)


def _announce(database: Engine, app: Celery, accepted: Sequence[NewJob]) -> None:
    # A connection from a pool: one of its own for each call would cost as much as the commit.
    with app.producer_pool.acquire(block=True) as producer:
        connection: Any = producer.connection
        connection.ensure_connection(max_retries=0)
        urgent = [job for job in accepted if job.lane == Lane.INTERACTIVE]
        if urgent and _mark_urgent(database, urgent):
            _send_urgent(database, app, producer, urgent)
        if len(urgent) < len(accepted):
            nudge(connection)


def _send_urgent(database: Engine, app: Celery, producer: Any, urgent: Sequence[NewJob]) -> None:
    try:
        for job in urgent:
            arguments = message.build(job.lane, [job.id])
            app.send_task(
                message.TASK, kwargs=arguments, queue=job.lane, producer=producer, ignore_result=True, retry=False
            )
    except Exception:
        with writing(database) as transaction:
            feeding.unfeed(transaction, [job.id for job in urgent])
        raise


def _mark_urgent(database: Engine, urgent: Sequence[NewJob]) -> bool:
    """Mark jobs as fed. False, and nothing done, while their lane is paused: the feeder then knows when.

    Whether an account that serves them is open, the worker that claims them knows.
    """
    with writing(database) as transaction:
        if any(row.kind == pause.LANE and row.name == Lane.INTERACTIVE for row in pause.paused(transaction)):
            return False
        feeding.mark_fed(transaction, [job.id for job in urgent], utcnow())
    return True


def nudge(connection: Any) -> None:
    """Wake the feeder now, if the broker is Redis; else it looks within a second by itself."""
    client = getattr(connection.default_channel, "client", None)
    if client is not None:
        with client.pipeline() as pipe:
            pipe.lpush(NUDGE_KEY, 1).ltrim(NUDGE_KEY, 0, 0).execute()


def enqueue(database: Engine, orders: Sequence[Order], batch_id: str | None = None) -> list[NewJob]:
    """Commit checked orders in one transaction. Return those that are new; the others had been accepted before."""
    jobs = rows(orders, batch_id)
    with writing(database) as connection:
        new = acceptance.accept(connection, jobs)
    return [job for job in jobs if job.id in new]
