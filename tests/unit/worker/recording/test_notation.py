"""Endings as lines of a spool, and what is refused as none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ledger import Finish
from models.state import Edge, Outcome
from models.transitions import Failure, Hold
from worker.recording import notation
from worker.running.endings import Ending, Expired, Failed, HandedBack, Held, Succeeded

NOW = datetime(2026, 1, 1, 12, 30, 0, 123456, tzinfo=UTC)
HOLD = Hold("job-1", 3, 2, 1)
ANSWERED = Finish("job-1", 2, NOW, Outcome.SUCCEEDED, 200, answer='{"a": "é\u2028\n"}', total_tokens=7, duration_s=0.5)
FAILED = Finish("job-1", 2, NOW, Outcome.FAILED, code="1000", message="lone \ud800 surrogate", error_body="\x00")
LINE = notation.write(Succeeded(HOLD), ANSWERED)


@pytest.mark.parametrize(
    ("ending", "finish"),
    [
        (Succeeded(HOLD), ANSWERED),
        (Held(HOLD), FAILED),
        (Failed(HOLD, Failure("1026", "refused", "change the prompt")), FAILED),
        (HandedBack(HOLD, Edge.SNOOZE, NOW), None),
        (HandedBack(HOLD, Edge.RELEASE), Finish("job-1", 2, NOW, Outcome.ABANDONED)),
        (Expired(HOLD), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_ending_comes_back_as_it_went(ending: Ending, finish: Finish | None) -> None:
    """Each kind, with every type of field, on one line."""
    line = notation.write(ending, finish)
    assert notation.read(line) == (ending, finish)
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")


def test_a_whole_number_of_seconds_is_a_duration() -> None:
    """Whoever measured it gave an integer: that costs nobody his answer."""
    _, finish = notation.read(changed("finish.duration_s", 2))
    assert finish is not None
    assert isinstance(finish.duration_s, float)


def changed(path: str, value: Any) -> bytes:
    """A good line with one value changed."""
    document = json.loads(LINE)
    *way, last = path.split(".")
    place = document
    for name in way:
        place = place[name]
    place[last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"\xff\xfe\n",
        b"[" * 100_000,
        b"[]",
        b'"a"',
        b"{}",
        LINE[:-9],
        changed("ending", "Hold"),
        changed("ending", ["Held"]),
        changed("ending", "HandedBack"),
        changed("hold", None),
        changed("hold", "job-1"),
        changed("hold.claim", "3"),
        changed("hold.claim", None),
        changed("hold.claim", True),
        changed("hold.more", 1),
        changed("finish", []),
        changed("finish.outcome", "won"),
        changed("finish.outcome", {}),
        changed("finish.finished_at", "2026-01-01T12:00:00"),
        changed("finish.finished_at", 5),
        changed("finish.answer", {"choices": []}),
        changed("more", 1),
    ],
)
def test_what_is_no_such_line_is_refused(line: bytes) -> None:
    """Broken, of another shape or with values of other types: an error of our own, which quotes nothing."""
    with pytest.raises(notation.NotOurs) as refused:
        notation.read(line)
    assert "job-1" not in str(refused.value)


@given(st.binary(), st.integers(0, len(LINE) - 1))
def test_any_bytes_are_read_or_refused(noise: bytes, at: int) -> None:
    """Whatever a disk brings back, there is no other error."""
    try:
        ending, _ = notation.read(LINE[:at] + noise + LINE[at + len(noise) :])
    except notation.NotOurs:
        return
    assert isinstance(ending, Ending)
