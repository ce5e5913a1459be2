"""Enqueueing: from a checked order to a committed row, and word of it to the workers."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from celery import Celery
from sqlalchemy import Connection, Engine

from models import acceptance, pause, pausing
from models.acceptance import NewJob
from models.identity import new_id, next_ranks
from models.lane import Lane
from models.session import writing
from models.table import utcnow
from tasks.announce import announce
from tasks.bounds import Bounds
from tasks.order import Order
from worker.provider.tokens import estimate_prompt_tokens
from worker.routing.accounts import all_paused
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where jobs come in. While all of `accounts` are paused, interactive jobs wait for the feeder like all others."""

    database: Engine
    app: Celery
    accounts: Collection[str]
    bounds: Bounds

    @classmethod
    def of(cls, settings: Settings, database: Engine, app: Celery) -> Entrance:
        """Return the entrance to the queue of these settings."""
        return cls(database, app, [payer.name for payer in settings.payers], Bounds(settings.max_queued))

    def enqueue(self, orders: Sequence[Order], batch_id: str | None = None) -> list[NewJob]:
        """Commit checked orders in one transaction, and tell the workers. Return those that are new.

        The others had been accepted before. An interactive job is published at once, and is inserted as such.

        Raises:
            QueueFull: the new ones pass a lane's bound. None is accepted.
        """
        jobs = rows(orders, batch_id)
        if not jobs:
            return []
        with writing(self.database) as connection:
            jobs = self._fed(connection, jobs)
            new = acceptance.accept(connection, jobs)
            self.bounds.hold(connection, [job.lane for job in jobs if job.id in new])
        accepted = [job for job in jobs if job.id in new]
        if accepted:
            announce(self.database, self.app, accepted)
        return accepted

    def _fed(self, connection: Connection, jobs: list[NewJob]) -> list[NewJob]:
        """Return the jobs, interactive ones as fed, unless a pause forbids: the feeder then knows when."""
        if not any(job.lane == Lane.INTERACTIVE for job in jobs):
            return jobs
        pauses = pausing.paused(connection)
        held = any(row.kind == pause.LANE and row.name == Lane.INTERACTIVE for row in pauses)
        if held or all_paused(self.accounts, pauses) is not None:
            return jobs
        return [_published(job) for job in jobs]


def rows(orders: Sequence[Order], batch_id: str | None = None) -> list[NewJob]:
    """Return the rows of checked orders, in their order."""
    now = utcnow()
    ranks = next_ranks(len(orders))
    return [_row(order, batch_id, rank, now) for order, rank in zip(orders, ranks, strict=True)]


def _row(order: Order, batch_id: str | None, rank: int, now: datetime) -> NewJob:
    return NewJob(
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


def _published(job: NewJob) -> NewJob:
    return replace(job, fed_at=job.created_at) if job.lane == Lane.INTERACTIVE else job
