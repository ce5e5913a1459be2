"""Which limits a budget has before anybody steers it."""

from __future__ import annotations

import pytest

from worker.admission.keys import BudgetKey
from worker.admission.limits import MODEST_RPM, Limits
from worker.configuration.lanes import Sharing
from worker.provider.account import Account, Api
from worker.routing.accounts import Budget, Payer
from worker.routing.configured import Configured


@pytest.mark.parametrize(
    ("model", "budget", "limits"),
    [
        ("MiniMax-M2.7", Budget(), Limits(start_rpm=500, start_tpm=20_000_000)),
        ("MiniMax-M2.7", Budget(rpm=900), Limits(rpm=900, start_rpm=500, start_tpm=20_000_000)),
        ("MiniMax-M99", Budget(concurrency=4), Limits(concurrency=4, start_rpm=MODEST_RPM)),
    ],
)
def test_rates_left_open_start_from_what_is_published_for_the_model(model, budget, limits):
    """A configured limit is a ceiling; a model that nothing is published for starts modestly."""
    account = Account(name="main", api=Api.V2, base_url="https://api.minimax.io/v1", key="k" * 20)
    payer = Payer(account=account, models=frozenset({model}), budgets={model: budget})
    configured = Configured([payer], Sharing())
    assert configured.limits(BudgetKey("main", model)) == limits


def test_a_start_counts_as_told_only_where_there_is_no_ceiling():
    """0 says that nothing limits the dimension yet."""
    limits = Limits.of(Limits(rpm=900), 500, None)
    assert [limits.told(name) for name in ("requests", "tokens", "concurrency", "slope")] == [900, 0, 0, 0]
    assert Limits.of(Limits(), 500, 1e6).told("requests") == 500
