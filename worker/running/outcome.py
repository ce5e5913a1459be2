"""How an attempt ended, as the ledger writes it: built from what the client gave back."""

from __future__ import annotations

import json
from enum import StrEnum

from models.ledger import Finish
from models.state import Outcome
from models.table import utcnow
from models.text import storable
from models.transitions import Failure
from worker.errors import CallFailed
from worker.provider.classification import Action
from worker.provider.reply import Reply

OUTCOMES = {
    Action.RETRY: Outcome.FAILED,
    Action.FAIL: Outcome.FAILED,
    Action.SNOOZE: Outcome.THROTTLED,
    Action.PAUSE: Outcome.BLOCKED,
}


class Abandoned(StrEnum):
    """Why we gave an attempt up, as its code in the ledger."""

    SHUTDOWN = "shutdown"
    TAKEN_AWAY = "taken_away"
    UNSENT = "unsent"
    DEADLINE = "deadline"


ABANDONED = {
    Abandoned.SHUTDOWN: "broken off when the worker stopped; it may be billed",
    Abandoned.TAKEN_AWAY: "broken off when the job had been cancelled or finished otherwise; it may be billed",
    Abandoned.UNSENT: "not sent: all accounts were paused, or its worker stopped or could not keep the job",
    Abandoned.DEADLINE: "not sent: the deadline passed while a limit, or the database, held it back",
}

LONGEST_CODE = 64  # characters of the columns
LARGEST_COUNT = 2**31 - 1  # of PostgreSQL's integer


def answered(job_id: str, number: int, reply: Reply, limited_s: float | None = None) -> Finish:
    """Return the end of an attempt that brought an answer. `limited_s` is how long it waited for limits."""
    usage = reply.usage
    answer = json.dumps(reply.to_chat_completion(), ensure_ascii=False, separators=(",", ":"))
    return Finish(
        job_id=job_id,
        number=number,
        finished_at=utcnow(),
        outcome=Outcome.SUCCEEDED,
        http_status=reply.http_status,
        request_id=reply.request_id,
        answer=storable(answer),
        warning=storable(reply.warning) if reply.warning else None,
        prompt_tokens=_counted(usage.prompt_tokens) if usage else None,
        completion_tokens=_counted(usage.completion_tokens) if usage else None,
        total_tokens=_counted(usage.total_tokens) if usage else None,
        first_token_s=reply.first_token_s,
        duration_s=reply.total_s,
        limited_s=limited_s,
    )


def refused(job_id: str, number: int, failed: CallFailed, seconds: float, limited_s: float | None = None) -> Finish:
    """Return the end of an attempt that brought none."""
    refusal, verdict = failed.refusal, failed.verdict
    return Finish(
        job_id=job_id,
        number=number,
        finished_at=utcnow(),
        outcome=OUTCOMES[verdict.action],
        http_status=refusal.http_status,
        code=verdict.code[:LONGEST_CODE],
        message=storable(refusal.message or verdict.meaning),
        request_id=refusal.request_id,
        error_body=storable(refusal.body) or None,
        duration_s=seconds,
        limited_s=limited_s,
    )


def abandoned(job_id: str, number: int, code: Abandoned) -> Finish:
    """Return the end of an attempt that we gave up, before it was sent or in its midst."""
    return Finish(
        job_id=job_id,
        number=number,
        finished_at=utcnow(),
        outcome=Outcome.ABANDONED,
        code=code,
        message=ABANDONED[code],
    )


def broken(job_id: str, number: int, error: Exception) -> Finish:
    """Return the end of an attempt whose execution broke by a fault of ours."""
    return Finish(
        job_id=job_id,
        number=number,
        finished_at=utcnow(),
        outcome=Outcome.FAILED,
        code="internal_error",
        message=type(error).__name__,
    )


def failure(failed: CallFailed) -> Failure:
    """Return why a job failed for good, for its owner."""
    verdict = failed.verdict
    message = failed.refusal.message or verdict.meaning
    return Failure(code=verdict.code[:LONGEST_CODE], message=storable(message), remedy=verdict.remedy)


def _counted(tokens: int) -> int | None:
    """A count that no column holds is nonsense, and must not cost the answer beside it."""
    return tokens if tokens <= LARGEST_COUNT else None
