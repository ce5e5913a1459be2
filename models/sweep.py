"""Doing the same to very many jobs, a portion to a transaction.

One statement over a million rows would keep every other writer of SQLite waiting for longer than it may, and hold a
million row locks in PostgreSQL. In portions it takes no longer altogether, and the workers go on between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, select

from models import feeding, reopening, transitions
from models.job import Job
from models.session import reading, writing
from models.state import TRANSITIONS, Edge

_T = TypeVar("_T")

PORTION = 2000  # jobs to a transaction: 50 to 150 ms each


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs are queued again, and how many took an answer that had been kept for them."""

    queued: int
    recovered: int


def cancel(database: Engine, which: ColumnElement[bool], now: datetime, portion: int = PORTION) -> int:
    """Withdraw jobs as `transitions.cancel` does. Return how many."""
    open_jobs = Job.state.in_(sorted(TRANSITIONS[Edge.CANCEL][0]))
    portions = _sweep(database, which & open_jobs, portion, lambda c, ids: transitions.cancel(c, Job.id.in_(ids), now))
    return sum(len(cancelled) for cancelled in portions)


def reopen(database: Engine, which: ColumnElement[bool], now: datetime, portion: int = PORTION) -> Counts:
    """Give finished jobs without an answer another chance, as `reopening.reopen` does."""
    ended = Job.state.in_(sorted(TRANSITIONS[Edge.REOPEN][0]))
    portions = _sweep(database, which & ended, portion, lambda c, ids: reopening.reopen(c, Job.id.in_(ids), now))
    queued = recovered = 0
    for reopened in portions:
        queued, recovered = queued + len(reopened.queued), recovered + len(reopened.recovered)
    return Counts(queued, recovered)


def change_lane(database: Engine, which: ColumnElement[bool], lane: str, portion: int = PORTION) -> int:
    """Put unfinished jobs into another lane as `feeding.change_lane` does. Return how many."""
    elsewhere = Job.finished_at.is_(None) & (Job.lane != lane)
    return sum(_sweep(database, which & elsewhere, portion, lambda c, ids: feeding.change_lane(c, ids, lane)))


def _sweep(
    database: Engine, which: ColumnElement[bool], portion: int, act: Callable[[Connection, Sequence[str]], _T]
) -> Iterator[_T]:
    """Run `act` on all jobs that are there now; each portion is committed, so an interrupted sweep can be repeated."""
    with reading(database) as reader:
        # Unsorted: a batch's rows lie in the order of their insertion, so what is next to be fed comes first.
        ids = reader.scalars(select(Job.id).where(which).execution_options(yield_per=portion))
        for some in ids.partitions():
            with writing(database) as connection:
                # Sorted, so that two sweeps and the recorder lock rows in the same order.
                yield act(connection, sorted(some))
