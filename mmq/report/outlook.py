"""Why a job waits and when it is likely to go, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a job that has not ended waits for.

    `reason` is `account_paused`, `lane_paused`, `no_worker`, `retry`, `turn` or `limit`. `before` counts the jobs of
    its lane that go first, None where that is not what it waits for. `dimension` is what holds the calls of its budget
    back: `requests`, `tokens`, `concurrency`, `gate` or `redis`, None if nothing does. `starts_at` is an estimate by
    the present rate, None where nothing moves.
    """

    reason: str
    text: str
    before: int | None = None
    dimension: str | None = None
    starts_at: datetime | None = None
    deadline_at_risk: bool = False
