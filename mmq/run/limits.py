"""What the jobs of a run wait for, as admission knows it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from redis.asyncio import Redis
from redis.exceptions import RedisError

from mmq.report.progress import Hold
from worker.admission.connection import connect
from worker.admission.keys import BudgetKey
from worker.admission.status import BudgetStatus, read_status

MOST_MODELS = 4  # looked at; a run with more shows the first ones

WORDS = {
    "requests": "requests a minute",
    "tokens": "tokens a minute",
    "concurrency": "calls at once",
    "slope": "growth of the request rate",
}


class LimitsView:
    """Looks at the budgets of one account. Redis being away is no news here: there is nothing to tell then."""

    def __init__(self, redis_url: str, account: str, models: Collection[str]) -> None:
        self._runner = asyncio.Runner()
        # Signals raise in the main thread wherever it is, and a loop torn open in its midst tells of it at length.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="limits")
        self._redis: Redis = connect(redis_url)
        self._budgets = [BudgetKey(account, model) for model in sorted(models)[:MOST_MODELS]]
        self._refused: dict[str, dict[str, int]] = {}
        self._last: dict[str, str] = {}

    def look(self) -> list[Hold]:
        """Return the budgets that hold calls back now."""
        return self._thread.submit(self._look).result()

    def close(self) -> None:
        """Close the connection."""
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _look(self) -> list[Hold]:
        try:
            return [found for budget in self._budgets if (found := self._waiting(budget))]
        except (RedisError, OSError):
            return []

    def _close(self) -> None:
        self._runner.run(self._redis.aclose())
        self._runner.close()

    def _waiting(self, budget: BudgetKey) -> Hold | None:
        status = self._runner.run(read_status(self._redis, budget))
        self._note_refusals(budget.model, status)
        calls = sum(status.waiting.values())
        if not calls and not status.gate_s:
            return None
        return Hold(budget.model, calls, status.gate_s, self._last.get(budget.model))

    def _note_refusals(self, model: str, status: BudgetStatus) -> None:
        before = self._refused.get(model, {})
        for dimension, count in status.refused.items():
            if count > before.get(dimension, 0):
                self._last[model] = WORDS.get(dimension, dimension)
        self._refused[model] = status.refused
