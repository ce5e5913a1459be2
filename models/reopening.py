"""Giving jobs that ended without an answer another chance: an answer that was paid for and kept, or else the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection

from models import ledger, transitions


@dataclass(frozen=True, slots=True)
class Reopened:
    """The ids of jobs that are queued again, and of those that an answer was kept for and that now have it."""

    queued: Sequence[str]
    recovered: Sequence[str]


def reopen(connection: Connection, which: ColumnElement[bool], now: datetime) -> Reopened:
    """Finish failed, cancelled and expired jobs with the answer kept for them, and queue those that have none again."""
    recovered = transitions.recover(connection, which, now)
    if recovered:
        ledger.use_kept(connection, recovered)
    return Reopened(transitions.reopen(connection, which, now), recovered)
