"""The limits and the policy that admission is to use, as the settings say."""

from __future__ import annotations

from collections.abc import Sequence

from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits, Policy
from worker.configuration.lanes import Sharing
from worker.provider import catalogue
from worker.routing.accounts import Budget, Payer


class Configured:
    """Gives the limits of each budget, made once."""

    def __init__(self, payers: Sequence[Payer], sharing: Sharing) -> None:
        self._payers = {payer.name: payer for payer in payers}
        self._sharing = sharing
        self._limits: dict[BudgetKey, Limits] = {}

    def limits(self, key: BudgetKey) -> Limits:
        """Return the limits of a budget; those left open start from what MiniMax publishes."""
        limits = self._limits.get(key)
        if limits is None:
            payer = self._payers.get(key.account)
            budget = payer.budget_of(key.model) if payer else Budget()
            configured = Limits(
                rpm=budget.rpm,
                tpm=budget.tpm,
                concurrency=budget.concurrency,
                burst_s=self._sharing.burst_s,
                interactive_reserve=self._sharing.interactive_reserve,
            )
            model = catalogue.load().find(key.model)
            published = model.limits if model else None
            limits = self._limits[key] = Limits.of(
                configured, published.rpm if published else None, published.tpm if published else None
            )
        return limits


def policy(sharing: Sharing) -> Policy:
    """Return how admission is to share among lanes."""
    return Policy(default_floor=sharing.default_floor, bulk_floor=sharing.bulk_floor)
