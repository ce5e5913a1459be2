"""What was learned about limits, in SQL: for a Redis that is new, and for one that was flushed."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import fields

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from models import learned_limit
from models.session import reading, writing
from models.table import utcnow
from worker.admission.keys import BudgetKey
from worker.admission.learning import Learned, Lessons

#: Least time between two writes of one budget by one worker. A crash loses no more: refusals teach it again.
SAVE_EVERY_S = 5.0

Rows = dict[str, dict[str, float]]  # dimension -> figures, as `models.learned_limit` takes them

logger = logging.getLogger(__name__)


class Memory:
    """Loads and saves the lessons of budgets for one worker process. Its SQL runs in threads."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._heard: dict[BudgetKey, str] = {}
        self._kept: dict[BudgetKey, Rows | None] = {}  # what is in SQL, or on its way there; None: nobody knows
        self._due: dict[BudgetKey, float] = {}
        self._writing: dict[BudgetKey, asyncio.Task[None]] = {}  # one write of a budget at a time: the last is to win

    async def load(self, budget: BudgetKey) -> str:
        """Return the lessons as `Lessons.text` has them. A database that is away teaches nothing."""
        try:
            rows = await asyncio.to_thread(self._read, budget)
        except SQLAlchemyError as exc:
            logger.warning("what was learned of %s cannot be read: %s", budget.tag, type(exc).__name__)
            return ""
        self._kept[budget] = rows
        self._heard[budget] = text = _lessons(rows).text
        return text

    def note(self, budget: BudgetKey, text: str) -> None:
        """Take note of the lessons now in force; they are written if they are news, at most every few seconds."""
        self._heard[budget] = text
        if budget not in self._writing and time.monotonic() >= self._due.get(budget, 0.0):
            self._begin(budget)

    async def close(self) -> None:
        """Write what is news and return when it is written."""
        await self._written()
        for budget in self._heard:
            self._begin(budget)
        await self._written()

    async def _written(self) -> None:
        while self._writing:
            await asyncio.wait(self._writing.values())

    def _begin(self, budget: BudgetKey) -> None:
        rows = _rows(Lessons.from_text(self._heard[budget]))
        if rows == self._kept.get(budget, {}):
            return
        self._kept[budget], self._due[budget] = rows, time.monotonic() + SAVE_EVERY_S
        task = asyncio.create_task(self._save(budget, rows), name="remember limits")
        self._writing[budget] = task
        task.add_done_callback(lambda _: self._writing.pop(budget))

    async def _save(self, budget: BudgetKey, rows: Rows) -> None:
        try:
            await asyncio.to_thread(self._write, budget, rows)
        except SQLAlchemyError as exc:
            self._kept[budget] = None
            logger.warning("what was learned of %s is not written: %s", budget.tag, type(exc).__name__)

    def _read(self, budget: BudgetKey) -> Rows:
        with reading(self._database) as connection:
            return learned_limit.recall(connection, budget.account, budget.model)

    def _write(self, budget: BudgetKey, rows: Rows) -> None:
        with writing(self._database) as connection:
            learned_limit.remember(connection, budget.account, budget.model, rows, utcnow())


def _rows(lessons: Lessons) -> Rows:
    learned = {each.name: getattr(lessons, each.name) for each in fields(lessons)}
    return {
        name: {
            "value": one.value,
            "top": one.top,
            "hold_s": one.hold_us / 1e6,
            "second": one.second,
            "minute": one.minute,
            "window_s": one.window_s,
        }
        for name, one in learned.items()
        if one.value > 0
    }


def _lessons(rows: Rows) -> Lessons:
    return Lessons(
        **{
            name: Learned(
                value=row["value"],
                top=row["top"],
                hold_us=row["hold_s"] * 1e6,
                second=row["second"],
                minute=row["minute"],
                window_s=row["window_s"],
            )
            for name, row in rows.items()
        }
    )
