"""Budgets as `mmq limits` shows them."""

from __future__ import annotations

from io import StringIO

import pytest

from mmq.report.budgets import Allowance, BudgetView, rendered
from mmq.report.paper import put

LIMITS = {
    "rpm": Allowance(configured=500.0, set=1200.0, learned=960.5, in_force=960.5, used=480.25),
    "tpm": Allowance(configured=None, set=None, learned=None, in_force=None, used=1_203_000.0),
    "concurrency": Allowance(configured=None, set=4, learned=None, in_force=4, used=0),
}
WAITING = {"interactive": 1, "default": 0, "bulk": 1200}


def shown(*views: BudgetView, note: str = "") -> str:
    """What a pipe gets, with single spaces."""
    stream = StringIO()
    put(rendered(views, note), stream)
    return "\n".join(" ".join(line.split()) for line in stream.getvalue().splitlines())


def test_a_budget_in_use_is_told_in_full() -> None:
    """Each dimension with who limits it and what is used, the gate, and who waits in which lane."""
    view = BudgetView(
        "main", "M", LIMITS, gate_s=3.2, refusals=2, refused={"tokens": 1, "requests": 12}, waiting=WAITING
    )
    assert shown(view).strip().splitlines() == [
        "main · M",
        "configured set learned in force used",
        "requests a minute 500 1,200 960 960 480",
        "tokens a minute unlimited 1,203,000",
        "calls at once 4 4 0",
        "gate closed for 3.2 s more, after 2 refusals in a row",
        "refusals so far request rate 12 · token rate 1",
        "calls waiting interactive 1 · default 0 · bulk 1,200",
    ]


@pytest.mark.parametrize(("rpm", "text"), [(0.5, "0.5"), (20.0, "20"), (99.95, "100.0"), (1_000_000.0, "1,000,000")])
def test_low_limits_keep_their_tenth(rpm: float, text: str) -> None:
    """Half a request a minute is not none."""
    limits = {"rpm": Allowance(rpm, None, None, None, None)}
    assert f"requests a minute {text}\n" in shown(BudgetView("main", "M", limits))


def test_nothing_to_show_and_what_is_amiss_are_said() -> None:
    """No table without rows; the note is the first that is read; names from outside cannot move the cursor."""
    assert "no budget is in use" in shown()
    told = shown(BudgetView("main", "M\x1b[2J", LIMITS), note="Redis is away")
    assert told.strip().startswith("Redis is away")
    assert "\x1b" not in told
