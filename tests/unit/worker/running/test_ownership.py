"""How long a worker is sure that a job is its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from models.table import utcnow
from worker.running.ownership import FRESH_S, Ownership


def ownership(submit: Any, now: list[float], deadline_s: float | None) -> Ownership:
    """A job's, by a clock that shows `now[0]` and a ledger that is asked by `submit`."""
    deadline = None if deadline_s is None else utcnow() + timedelta(seconds=deadline_s)
    tools: Any = SimpleNamespace(clock=lambda: now[0], recorder=SimpleNamespace(submit=submit), worker_id="w1")
    row: Any = SimpleNamespace(id="job-1", claim=1, deadline=deadline)
    return Ownership(row, tools)


def test_a_job_begun_a_moment_ago_is_ours_unasked() -> None:
    """The statement that wrote its attempt said so: no other is spent."""

    async def run() -> None:
        now = [100.0]
        mine = ownership(submit=None, now=now, deadline_s=-1.0)
        mine.asking()
        now[0] += FRESH_S - 0.1
        assert await mine.holds()

    asyncio.run(run())


@pytest.mark.parametrize("deadline_s", [0.01, -1.0])
def test_a_deadline_ends_the_asking(deadline_s: float) -> None:
    """The database does not answer at all; the job expires when it said it would."""

    async def run() -> None:
        with pytest.raises(TimeoutError):
            await ownership(lambda _: asyncio.Event().wait(), [100.0], deadline_s).holds()

    asyncio.run(run())


def test_a_job_that_is_not_ours_is_asked_about_once() -> None:
    """No is an answer, however late."""
    asked = []

    async def submit(statement: object) -> bool:
        asked.append(statement)
        return False

    assert not asyncio.run(ownership(submit, [100.0], None).holds())
    assert len(asked) == 1
