"""The budgets of all accounts and models, and the rules they follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from mmq.sandbox.limits.budget import Budget
from mmq.sandbox.limits.terms import Limits, Rule


class LimitBook:
    """One budget per (account, model), made when first asked for."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = list(rules)
        self._budgets: dict[tuple[str, str], Budget] = {}

    def budget(self, account: str, model: str) -> Budget:
        """Return the budget a call of that account to that model spends."""
        budget = self._budgets.get((account, model))
        if budget is None:
            budget = self._budgets[account, model] = Budget(self._limits(account, model))
        return budget

    def add(self, rule: Rule) -> None:
        """Let a rule hold from now on, over those before it, for budgets in use too."""
        self._rules = [old for old in self._rules if (old.account, old.model) != (rule.account, rule.model)]
        self._rules.append(rule)
        for key, budget in self._budgets.items():
            budget.change(self._limits(*key))

    def report(self, now: float) -> list[dict[str, Any]]:
        """Return every budget in use: `[{"account", "model", "limits", "used", "in_flight", "max_in_flight"}]`."""
        return [
            {
                "account": account,
                "model": model,
                "limits": asdict(budget.limits),
                "used": budget.used(now),
                "in_flight": budget.in_flight,
                "max_in_flight": budget.max_in_flight,
            }
            for (account, model), budget in self._budgets.items()
        ]

    def _limits(self, account: str, model: str) -> Limits:
        fitting = [rule.limits for rule in self._rules if rule.fits(account, model)]
        return fitting[-1] if fitting else Limits()
