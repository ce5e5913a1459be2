"""How much of a model may be used a minute."""

from __future__ import annotations

import pytest

from mmq.report.budgets import Allowance, BudgetView
from mmq.run.rates import rates
from worker.settings import load

MODEL = "MiniMax-M2.7"


def view(in_force: float | None, people: float | None) -> BudgetView:
    limit = Allowance(configured=None, set=people, learned=None, in_force=in_force, used=None)
    return BudgetView("default", MODEL, dict.fromkeys(("rpm", "tpm", "concurrency"), limit))


@pytest.mark.parametrize(
    ("views", "environ", "expected"),
    [
        ([], {}, 500),  # what MiniMax publishes
        ([], {"MMQ_RPM": "20"}, 20),
        ([view(None, 30)], {"MMQ_RPM": "20"}, 30),
        ([view(40, 30)], {"MMQ_RPM": "20"}, 40),
    ],
)
def test_what_is_nearest_to_the_calls_counts(views: list[BudgetView], environ: dict[str, str], expected: float) -> None:
    """What workers pace by, else what people set, else what is configured, else what MiniMax publishes."""
    assert rates(load(environ), [MODEL], views)[MODEL][0] == expected
