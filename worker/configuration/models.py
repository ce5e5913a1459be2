"""Which models an account serves, and its budgets for single ones, as `mmq.toml` says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from worker.configuration.table import Table
from worker.provider.account import Api
from worker.provider.catalogue import load as load_catalogue
from worker.provider.preflight.model import model_findings
from worker.routing.accounts import Budget

LIMITS = frozenset({"rpm", "tpm", "concurrency"})
_NONE: Mapping[str, Budget] = MappingProxyType({})


def served(table: Table, api: Api) -> frozenset[str] | None:
    """Return the models that a table lists, None if none; complain of those that its API does not serve."""
    models = table.texts("models")
    for model in models or ():
        _check(table, "models", model, api)
    return None if models is None else frozenset(models)


def budgets_by_model(table: Table, usual: Budget, budgets: Mapping[str, Budget] = _NONE) -> dict[str, Budget]:
    """Return the budgets of the table's `limits`, by model; what one leaves out is as in `budgets`, else as `usual`."""
    limits = table.table("limits")
    found = {}
    for model in limits.content:
        inner = limits.table(model, quoted=True)
        inner.refuse_others(LIMITS)
        budget = Budget(rpm=inner.number("rpm"), tpm=inner.number("tpm"), concurrency=inner.whole("concurrency"))
        found[model] = budget.over(budgets.get(model, usual))
    return found


def refuse_unserved(table: Table, api: Api, models: frozenset[str] | None) -> None:
    """Complain of limits for models that the account does not serve."""
    limits = table.content.get("limits")
    for model in limits if isinstance(limits, Mapping) else ():
        if models is None:
            _check(table, f'limits."{model}"', model, api)
        elif model not in models:
            remedy = f"use one of {', '.join(sorted(models))}"
            table.problem(f'limits."{model}"', "is not among the models of this account", remedy)


def _check(table: Table, name: str, model: str, api: Api) -> None:
    for finding in model_findings(model, api, load_catalogue()):
        if finding.fatal:
            table.problem(name, finding.message, finding.remedy)
