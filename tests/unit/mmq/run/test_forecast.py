"""What holds calls back and when the next ones go, by the state of budgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmq.run.forecast import obstacle, per_minute, seconds_until, waiting_before
from worker.admission.learning import Lessons
from worker.admission.status import BudgetStatus

CALM = BudgetStatus(
    rpm=600.0,
    tpm=300_000.0,
    concurrency=10,
    in_flight=3,
    requests_last_minute=290.0,
    tokens_last_minute=290_000.0,
    gate_s=0.0,
    refusals=0,
    refused={},
    waiting={"interactive": 0, "default": 0, "bulk": 0},
    lessons=Lessons(),
)
BUSY = replace(CALM, waiting={"interactive": 1, "default": 20, "bulk": 300})


@pytest.mark.parametrize(
    ("status", "dimension", "rate"),
    [
        (CALM, None, 290.0),
        (BUSY, "tokens", 300.0),
        (replace(BUSY, tokens_last_minute=29_000.0), "requests", 600.0),
        (replace(BUSY, tpm=None), "requests", 600.0),
        (replace(BUSY, in_flight=10), "concurrency", 290.0),
        (replace(BUSY, gate_s=4.0, refusals=2), "gate", 300.0),
        (replace(CALM, gate_s=4.0), "gate", 290.0),
        (replace(BUSY, rpm=None, tpm=None, concurrency=None), None, 290.0),
        (replace(BUSY, requests_last_minute=0.0, tokens_last_minute=0.0), "requests", 600.0),
    ],
    ids=["calm", "tokens", "requests", "no-tpm", "concurrency", "gate", "gate-and-calm", "unlimited", "just-begun"],
)
def test_a_budget_names_its_obstacle_and_its_rate(status: BudgetStatus, dimension: str | None, rate: float) -> None:
    """The dimension nearest to its limit is the one in the way, and its limit is the rate of those who wait."""
    found = obstacle(status)
    assert (found.dimension if found else None) == dimension
    assert per_minute(status) == pytest.approx(rate)


def test_accounts_add_their_rates() -> None:
    """Two accounts do 600 calls in a minute of which each does 300, and one open gate is enough to go on."""
    assert seconds_until(600, [BUSY, BUSY]) == pytest.approx(60.0)
    assert seconds_until(0, [replace(BUSY, gate_s=30.0), BUSY]) == 0.0
    assert seconds_until(0, [replace(BUSY, gate_s=30.0)]) == 30.0


def test_nobody_knows_when_nothing_moves() -> None:
    """No call went out within a minute and no limit says how many could: no estimate."""
    assert seconds_until(5, [replace(CALM, requests_last_minute=0.0)]) is None


@pytest.mark.parametrize(("lane", "count"), [("interactive", 1), ("default", 21), ("bulk", 321)])
def test_calls_of_the_same_or_a_more_urgent_lane_go_before(lane: str, count: int) -> None:
    """Those that workers hold already."""
    assert waiting_before(lane, [BUSY]) == count
