"""What is said of an input's lines before the run."""

from __future__ import annotations

from mmq.formats.record import Line, Notice, bad_line
from mmq.report.remarks import Remarks
from worker.errors import Problem
from worker.provider.preflight.finding import Finding


def test_the_first_bad_lines_are_told_and_the_others_counted() -> None:
    """Twenty with number, field, reason and remedy; then how many more there are, and where."""
    said: list[str] = []
    remarks = Remarks(said.append, "out.errors.jsonl")
    for number in range(1, 26):
        remarks.take(bad_line(number, "line", "not JSON", "write JSON"))
    remarks.finish()
    assert said[0] == "line 1: not JSON (write JSON)"
    assert len(said) == 21
    assert said[-1] == "… and 5 more bad lines, all in out.errors.jsonl"


def test_warnings_and_notices_are_told_as_such() -> None:
    """They stop nothing, and say so."""
    said: list[str] = []
    remarks = Remarks(said.append, None)
    remarks.take(Notice(1, Problem("columns", "not used: 'x'", "known are prompt")))
    remarks.take(Line(2, "a", {"model": "m"}, (Finding("model", "is new to us", fatal=False),)))
    remarks.finish()
    assert said == ["line 1: note: columns: not used: 'x' (known are prompt)", "line 2: warning: model: is new to us"]


def test_lines_cannot_steer_the_terminal() -> None:
    """What stands in a line is quoted in its reason, escapes and all."""
    said: list[str] = []
    Remarks(said.append, None).take(bad_line(1, "line", "not JSON: \x1b[2J"))
    assert said == [r"line 1: not JSON: \x1b[2J"]
