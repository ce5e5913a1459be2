"""The accounts that jobs may go to: which models each serves, and what it may spend on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models import pause
from models.table import Row
from worker.provider.account import Account
from worker.provider.catalogue import load as load_catalogue


@dataclass(frozen=True, slots=True)
class Budget:
    """What one account may spend on one model; None is not limited by us.

    Requests and tokens a minute, and calls at a time, over all workers together.
    """

    rpm: float | None = None
    tpm: float | None = None
    concurrency: int | None = None

    def over(self, other: Budget) -> Budget:
        """Return this budget, with the other's figures where this one has none."""
        mine = {name: value for name in ("rpm", "tpm", "concurrency") if (value := getattr(self, name)) is not None}
        return replace(other, **mine)


@dataclass(frozen=True, slots=True)
class Payer:
    """One account with what it is used for. Its key is empty where only enqueuing is done."""

    account: Account
    budget: Budget = Budget()
    #: Of models that differ from `budget`, complete.
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    #: None: all that its API serves by the catalogue, and those that the catalogue does not know yet.
    models: frozenset[str] | None = None

    @property
    def name(self) -> str:
        """What people, rows and Redis call it."""
        return self.account.name

    def serves(self, model: str) -> bool:
        """Whether jobs for this model may go to it."""
        if self.models is not None:
            return model in self.models
        known = load_catalogue().find(model)
        return known is None or self.account.api in known.apis

    def budget_of(self, model: str) -> Budget:
        """Return what it may spend on a model."""
        return self.budgets.get(model, self.budget)


def serving(payers: Sequence[Payer], model: str) -> list[Payer]:
    """Return the accounts that serve a model, in their order."""
    return [payer for payer in payers if payer.serves(model)]


def all_paused(names: Collection[str], pauses: Sequence[Row]) -> Row | None:
    """Return the pause whose probe is due first if every account is paused; None as long as one is open.

    Those that a person paused have no probe, and come last.
    """
    rows = [row for row in pauses if row.kind == pause.ACCOUNT and row.name in names]
    if {row.name for row in rows} < set(names):
        return None
    return min(rows, key=lambda row: (row.probe_at is None, row.probe_at), default=None)
