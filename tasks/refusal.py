"""Why a `minimax.generate` message was not accepted, in the words that its producer finds under the job's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.transitions import Failure
from tasks.contract import CONTRACT_VERSION
from worker.errors import InvalidRequest, QueueFull
from worker.provider.quoting import quote


def not_understood(invalid: InvalidRequest) -> Failure:
    """Return the failure of a message that would fail for certain, or that is none of the contract's."""
    return Failure("invalid_request", str(invalid), "mend the request and send it under another id")


def no_room(full: QueueFull) -> Failure:
    """Return the failure of a message for a lane that is full. The job keeps its request, so that it can be retried."""
    message = f"lane {full.lane!r} held its {full.most:,} queued jobs when the message came"
    return Failure("queue_full", message, "`mmq retry JOB` queues it, when there is room; or raise MMQ_MAX_QUEUED")


def too_new(arguments: Mapping[str, Any]) -> Failure | None:
    """Return the failure of a message of a contract that this worker does not know yet; None if it is of no such."""
    version = arguments.get("version")
    if not isinstance(version, int) or version <= CONTRACT_VERSION:
        return None
    message = f"the message is of contract version {quote(version)}, this worker knows {CONTRACT_VERSION}"
    remedy = "upgrade the workers and send it under another id; `mmq retry JOB` runs what this version understood of it"
    return Failure("newer_contract", message, remedy)
