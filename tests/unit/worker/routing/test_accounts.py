"""Which accounts serve a model, what they may spend, and when all of them are paused."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from models.table import utcnow
from worker.provider.account import Account, Api, Secret
from worker.routing.accounts import Budget, Payer, all_paused, serving

NOW = utcnow()


def payer(name: str, api: Api = Api.V2, **fields: Any) -> Payer:
    """An account."""
    return Payer(Account(name, api, "https://api.minimax.io/v1", Secret("key")), **fields)


def paused(name: str, probe_s: float | None = None, kind: str = "account") -> Any:
    """A row of pauses."""
    return SimpleNamespace(kind=kind, name=name, probe_at=probe_s and NOW + timedelta(seconds=probe_s))


def test_a_budget_keeps_its_own_figures_and_takes_the_rest() -> None:
    """Figure by figure."""
    assert Budget(rpm=1).over(Budget(rpm=2, tpm=3)) == Budget(rpm=1, tpm=3)
    assert Budget().over(Budget(concurrency=4)) == Budget(concurrency=4)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("MiniMax-M2.7", ["all", "listed", "old"]),
        ("MiniMax-M3", ["all", "old"]),
        ("M2-her", ["all"]),
        ("MiniMax-M9-unheard-of", ["all", "old"]),
    ],
)
def test_an_account_serves_what_it_lists_or_what_its_api_serves(model: str, names: list[str]) -> None:
    """Models that the catalogue does not know yet go to accounts that list none."""
    payers = [payer("all"), payer("listed", models=frozenset({"MiniMax-M2.7"})), payer("old", Api.V1)]
    assert [found.name for found in serving(payers, model)] == names


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ([], None),
        ([paused("a")], None),
        ([paused("a", 5), paused("stranger")], None),
        ([paused("a", 5), paused("b", kind="lane")], None),
        ([paused("a"), paused("b")], "a"),
        ([paused("a"), paused("b", 5)], "b"),
        ([paused("a", 9), paused("b", 5)], "b"),
    ],
)
def test_feeding_stops_when_every_account_is_paused(rows: list[Any], first: str | None) -> None:
    """The pause that ends first is the one to wait for; a person's has no end of its own."""
    row = all_paused(["a", "b"], rows)
    assert (row and row.name) == first
