"""The limits in force: what people set, else what is configured; refreshed with every heartbeat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from models.set_limits import DIMENSIONS
from models.table import Row
from worker.admission.admission import Admission
from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits


class Steering:
    """Gives each call the limits of its budget, and tells those that wait already when they change."""

    def __init__(self, admission: Admission, configured: Callable[[BudgetKey], Limits]) -> None:
        """`configured` returns what holds for a budget where nobody has set anything."""
        self._admission = admission
        self._configured = configured
        self._set: dict[BudgetKey, dict[str, Any]] = {}

    def see(self, rows: Sequence[Row]) -> None:
        """Take note of what the database says."""
        before, self._set = self._set, {BudgetKey(row.account, row.model): _named(row) for row in rows}
        for budget in before.keys() | self._set.keys():
            if before.get(budget) != self._set.get(budget):
                self._admission.pace_by(budget, self.limits(budget))

    def limits(self, budget: BudgetKey) -> Limits:
        """Return the limits in force: dimension by dimension what a person set, else what is configured."""
        configured = self._configured(budget)
        return replace(configured, **self._set[budget]) if budget in self._set else configured


def _named(row: Row) -> dict[str, Any]:
    return {name: value for name in DIMENSIONS if (value := getattr(row, name)) is not None}
