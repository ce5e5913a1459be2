"""Adding up what became of a batch."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, Engine

from mmq.report.summary import FailureGroup, Summary
from models import queries
from models.session import reading
from models.state import FINAL, Outcome
from worker.provider.classification import codes


def reckon(
    database: Engine,
    batch_id: str,
    *,
    bad_lines: int = 0,
    before: int = 0,
    seconds: float | None = None,
    answers_file: str | None = None,
    errors_file: str | None = None,
) -> Summary:
    """Return the summary of a batch as it is now."""
    with reading(database) as connection:
        counts = queries.counts(connection, batch_id)
        usage = queries.usage(connection, batch_id)
        calls = queries.attempts_by_code(connection, batch_id)
        groups = failure_groups(connection, batch_id)
    ended: Counter[str | None] = Counter()
    for row in calls:
        ended[row.outcome] += row.attempts
    throttled = [row for row in calls if row.outcome == Outcome.THROTTLED]
    return Summary(
        batch_id=batch_id,
        lines=sum(counts.values()) + bad_lines,
        answered=counts.get("succeeded", 0),
        failed=counts.get("failed", 0),
        withdrawn=counts.get("cancelled", 0) + counts.get("expired", 0),
        open=sum(count for state, count in counts.items() if state not in FINAL),
        bad_lines=bad_lines,
        before=before,
        seconds=seconds,
        calls=usage.attempts,
        calls_failed=ended[Outcome.FAILED] + ended[Outcome.BLOCKED],
        calls_late=ended[Outcome.SUPERSEDED],
        calls_broken_off=ended[Outcome.ABANDONED] + ended[Outcome.LOST],
        refused_by_limits=ended[Outcome.THROTTLED],
        limit_codes=sorted({str(row.code) for row in throttled}),
        waited_s=usage.limited_s,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        failures=groups,
        answers_file=answers_file,
        errors_file=errors_file,
    )


def failure_groups(connection: Connection, batch_id: str) -> list[FailureGroup]:
    """Return a batch's failures by code, most frequent first, with what our table says of each."""
    known = codes().rows
    return [
        FailureGroup(
            code=row.error_code,
            jobs=row.jobs,
            meaning=known[row.error_code].meaning if row.error_code in known else row.error_message or "",
            remedy=row.error_remedy or "",
            example=row.example,
        )
        for row in queries.failures_by_code(connection, batch_id)
    ]
