"""An order: one generation that somebody asks for, checked before it is enqueued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.lane import Lane
from models.text import storable
from worker.errors import InvalidRequest, Problem
from worker.provider.quoting import quote
from worker.routing.judge import Judge

#: Of a custom_id or an idempotency key: in UTF-8, PostgreSQL's index takes no text above 2,704 bytes.
LONGEST_NAME = 600


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
