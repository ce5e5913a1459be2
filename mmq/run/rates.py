"""How much of a model may be used a minute, by all accounts that serve it together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmq.report.budgets import BudgetView
from worker.admission.keys import BudgetKey
from worker.routing.accounts import serving
from worker.routing.configured import Configured
from worker.settings import Settings

#: Model -> requests and tokens a minute; None: no limit is known.
Rates = dict[str, tuple[float | None, float | None]]


def rates(settings: Settings, models: Iterable[str], views: Sequence[BudgetView]) -> Rates:
    """Return the present limits: what workers paced by last, else what people set, else what a first call begins at."""
    seen = {BudgetKey(view.account, view.model): view for view in views}
    configured = Configured(settings.payers, settings.sharing)

    def rate(budget: BudgetKey, name: str, dimension: str) -> float:
        limit = seen[budget].limits[name] if budget in seen else None
        known = (limit.in_force or limit.set) if limit else None
        return known or configured.limits(budget).told(dimension)

    def together(model: str, name: str, dimension: str) -> float | None:
        each = [rate(BudgetKey(payer.name, model), name, dimension) for payer in serving(settings.payers, model)]
        return sum(each) if all(each) and each else None

    return {model: (together(model, "rpm", "requests"), together(model, "tpm", "tokens")) for model in models}
