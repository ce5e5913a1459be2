"""The screen of `mmq top`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from mmq.formats.printable import printable_json
from mmq.report.budgets import Allowance, BudgetView
from mmq.report.overview import LaneState, WorkerState
from mmq.report.progress import Pause
from mmq.report.watched import Failure, Watched, rendered

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
REQUEST = "0fcc10e5a4381f94000000000000002a"
UNLIMITED = Allowance(None, None, None, None, 3.0)
LIMITS = {
    "rpm": Allowance(None, None, None, 500.0, 88.0),
    "tpm": Allowance(None, None, None, 2e7, 12_500.0),
    "concurrency": UNLIMITED,
}
SEEN = Watched(
    at=NOW,
    lanes=[LaneState("interactive", 0, 1, False), LaneState("bulk", 2893, 33, True)],
    a_minute={"bulk": 76},
    budgets=[BudgetView("default", "MiniMax-M2.7", LIMITS, gate_s=1.5)],
    note="",
    workers=[WorkerState("mmq-1@host", "interactive,default,bulk", 100, NOW)],
    pauses=[Pause("lane", "bulk", None, None, None)],
    failures=[Failure("job-7", NOW, "bulk", "M", "default", "1026", "input new_sensitive " * 9, REQUEST)],
)


def shown(seen: Watched, width: int = 120) -> str:
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(rendered(seen))
    stream = console.file
    assert isinstance(stream, StringIO)
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_a_screen_holds_all_that_matters_at_any_width(width: int) -> None:
    """Figures, the gate, the pause with its remedy, and request ids whole, to be copied; no line is wider."""
    text = shown(SEEN, width)
    folded = " ".join(text.split())
    for said in ("bulk 2,893 33 76 paused", "88 of 500 12.5k of 20M 3 closed for 1.5 s", "mmq resume lane bulk"):
        assert said in folded
    assert REQUEST in text
    assert max(map(len, text.splitlines())) <= width


def test_what_there_is_none_of_is_said() -> None:
    """No worker, no budget, no failure; and what could not be seen."""
    text = shown(replace(SEEN, budgets=[], workers=[], failures=[], note="Redis is away"))
    for said in ("no worker is running", "no budget is in use", "no job has failed lately", "Redis is away"):
        assert said in text


def test_a_failure_does_not_drive_the_screen() -> None:
    """Its code, message and request id come from outside; for programs they are exact."""
    nasty = "\x1b]0;x\x07\u202e\x9b2J"
    seen = replace(SEEN, failures=[Failure("j", NOW, "bulk", "M", None, nasty, nasty, nasty)])
    assert not set(shown(seen)) & set("\x1b\x07\u202e\x9b")
    told = printable_json(seen.as_json())
    assert not set(told) & set("\x1b\x07\u202e\x9b")
    assert json.loads(told)["failures"][0]["message"] == nasty
