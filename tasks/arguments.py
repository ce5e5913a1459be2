"""From the arguments of a `minimax.generate` message, which anybody may have written, to an order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from models.lane import Lane
from models.text import storable
from tasks.contract import CONTRACT_VERSION, Generate
from tasks.order import Order, chat_request
from worker.errors import InvalidRequest, Problem
from worker.provider.quoting import quote

LONGEST_TASK_ID = 64  # characters of the column
KNOWN = frozenset(Generate.__annotations__)


def job_id_of(task_id: str) -> str:
    """Return the id of a task's job: the task id itself, or a short name for one that no column holds.

    The same task id always gives the same job id: 47 characters of it and 16 of its digest.
    """
    text = storable(task_id)
    if text == task_id and 0 < len(text) <= LONGEST_TASK_ID:
        return text
    digest = hashlib.sha256(task_id.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{text[:47]}~{digest}"


def order_of(task_id: str, positional: Sequence[Any], arguments: Mapping[str, Any], model: str) -> Order:
    """Return what a message asks for, not yet checked by preflight. Arguments that are None are as good as absent.

    `model` is that of messages that name none. A message of a newer contract is read by this one, as far as it goes.

    Raises:
        InvalidRequest: it cannot be understood.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    job_id, version, request = job_id_of(task_id), given.get("version", CONTRACT_VERSION), given.get("request", {})
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        remedy = "use the tasks/contract.py of the workers' version"
        raise InvalidRequest([Problem("version", f"{quote(version)} is no version of the contract", remedy)])
    if job_id != task_id:
        limit = f"{len(task_id)} characters; 1 to {LONGEST_TASK_ID} without NUL can be stored"
        raise InvalidRequest([Problem("task_id", limit, "send it under another id")])
    if positional:
        raise InvalidRequest([Problem("args", f"{len(positional)} given, none is read", "send them as kwargs")])
    if not isinstance(request, Mapping):
        raise InvalidRequest([Problem("request", f"{quote(request)} is no object", "give the chat request's fields")])
    fields = {**request, **{name: value for name, value in given.items() if name not in KNOWN}}
    return Order(
        request=chat_request(given.get("prompt"), given.get("messages"), given.get("model") or model, fields),
        lane=given.get("lane", Lane.DEFAULT),
        custom_id=given.get("custom_id"),
        deadline=_deadline(given.get("deadline")),
        job_id=job_id,
    )


def refused(task_id: str, arguments: Mapping[str, Any]) -> Order:
    """Return an order that stands for a message which was refused, whatever it holds: to be kept, never to be run."""
    model, lane, custom_id = (arguments.get(name) for name in ("model", "lane", "custom_id"))
    return Order(
        {"model": storable(model) if isinstance(model, str) else "", "messages": []},
        lane=lane if isinstance(lane, str) and lane in list(Lane) else Lane.DEFAULT,
        custom_id=storable(custom_id) if isinstance(custom_id, str) else None,
        job_id=job_id_of(task_id),
    )


def _deadline(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment.astimezone(UTC)  # the last day of year 9999 is none in UTC
    except (TypeError, ValueError, OverflowError):
        problem = Problem("deadline", f"{quote(text)} is not a moment", "give ISO 8601 with a time zone")
        raise InvalidRequest([problem]) from None
    return moment
