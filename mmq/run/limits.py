"""What the jobs of a run wait for, as admission knows it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from redis.asyncio import Redis
from redis.exceptions import RedisError

from mmq.report.progress import Hold
from worker.admission.connection import connect
from worker.admission.keys import BudgetKey
from worker.admission.status import BudgetStatus, read_status
from worker.routing.accounts import serving
from worker.settings import Settings

MOST_MODELS = 4  # looked at; a run with more shows the first ones

WORDS = {
    "requests": "requests a minute",
    "tokens": "tokens a minute",
    "concurrency": "calls at once",
    "slope": "growth of the request rate",
}


class LimitsView:
    """Looks at the budgets of some models. Redis being away is no news here: there is nothing to tell then."""

    def __init__(self, settings: Settings, models: Collection[str]) -> None:
        self._runner = asyncio.Runner()
        # Signals raise in the main thread wherever it is, and a loop torn open in its midst tells of it at length.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="limits")
        self._redis: Redis = connect(settings.redis_url)
        self._budgets = {
            model: [BudgetKey(payer.name, model) for payer in payers]
            for model in sorted(models)[:MOST_MODELS]
            if (payers := serving(settings.payers, model))
        }
        self._refused: dict[BudgetKey, dict[str, int]] = {}
        self._last: dict[str, str] = {}

    def look(self) -> list[Hold]:
        """Return what holds calls back now, model by model."""
        return self._thread.submit(self._look).result()

    def close(self) -> None:
        """Close the connection."""
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _look(self) -> list[Hold]:
        try:
            return [hold for model, keys in self._budgets.items() if (hold := self._waiting(model, keys))]
        except (RedisError, OSError):
            return []

    def _close(self) -> None:
        self._runner.run(self._redis.aclose())
        self._runner.close()

    def _waiting(self, model: str, budgets: Sequence[BudgetKey]) -> Hold | None:
        statuses = [self._runner.run(read_status(self._redis, budget)) for budget in budgets]
        for budget, status in zip(budgets, statuses, strict=True):
            self._note_refusals(budget, status)
        # A call that waits does so at every account, and goes out by the first that opens.
        calls = max(sum(status.waiting.values()) for status in statuses)
        gate_s = min(status.gate_s for status in statuses)
        return Hold(model, calls, gate_s, self._last.get(model)) if calls or gate_s else None

    def _note_refusals(self, budget: BudgetKey, status: BudgetStatus) -> None:
        before = self._refused.get(budget, {})
        for dimension, count in status.refused.items():
            if count > before.get(dimension, 0):
                self._last[budget.model] = WORDS.get(dimension, dimension)
        self._refused[budget] = status.refused
