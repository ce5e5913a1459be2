"""What became of a job, for the code that waits for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

from models.table import Row
from worker.errors import MmqError


@dataclass(frozen=True, slots=True)
class Result:
    """An answer. `body` is the whole as an OpenAI `chat.completion` object."""

    job_id: str
    custom_id: str | None
    text: str
    reasoning: str
    finish_reason: str
    usage: dict[str, Any] | None
    request_id: str | None
    body: dict[str, Any]

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the result of a row of `models.queries.decided` whose job succeeded."""
        body = json.loads(row.answer)
        choice = body["choices"][0]
        return cls(
            job_id=row.id,
            custom_id=row.custom_id,
            text=choice["message"]["content"] or "",
            reasoning=choice["message"].get("reasoning_content", ""),
            finish_reason=choice["finish_reason"],
            usage=body.get("usage"),
            request_id=row.request_id,
            body=body,
        )


class JobFailed(MmqError):
    """A job ended without an answer. `state` is `failed`, `cancelled` or `expired`; the rest explains `failed`."""

    def __init__(self, row: Row) -> None:
        self.job_id: str = row.id
        self.state: str = row.state
        self.code: str | None = row.error_code
        self.message: str | None = row.error_message
        self.remedy: str | None = row.error_remedy
        self.request_id: str | None = row.request_id
        why = f": {row.error_code}, {row.error_message} ({row.error_remedy})" if row.error_code else ""
        super().__init__(f"job {row.id} {row.state}{why}")


def answer_of(row: Row) -> Result:
    """Return the result of a job that has ended, a row of `models.queries.decided`.

    Raises:
        JobFailed: it ended without an answer.
    """
    if row.state != "succeeded":
        raise JobFailed(row)
    return Result.of(row)
