"""The state table: complete, without dead ends, and as documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.state import FINAL, TRANSITIONS, Edge, JobState, diagram

PAGE = (Path(__file__).parents[3] / "docs/states.md").read_text(encoding="utf-8")


def test_documented_diagram_is_the_table() -> None:
    """The diagram in the docs is the one that the code renders."""
    (drawn,) = re.findall(r"```text\n(.*?)\n```", PAGE, re.DOTALL)
    assert drawn == diagram()


@pytest.mark.parametrize("word", [*JobState, *Edge])
def test_every_word_is_explained_once(word: str) -> None:
    """The docs have one paragraph for each state and each edge."""
    assert len(re.findall(rf"^\*\*{word}\*\* ", PAGE, re.MULTILINE)) == 1


def test_table_has_every_edge() -> None:
    """No edge is without a rule."""
    assert list(TRANSITIONS) == list(Edge)


def test_final_states_are_left_by_reopening_only() -> None:
    """What is finished stays so unless an operator asks; what succeeded stays so for good."""
    leaving = {(edge, source) for edge, (sources, _) in TRANSITIONS.items() for source in sources & FINAL}
    unanswered = FINAL - {JobState.SUCCEEDED}
    assert leaving == {(edge, state) for edge in (Edge.REOPEN, Edge.RECOVER) for state in unanswered}


@pytest.mark.parametrize("state", JobState)
def test_every_state_can_be_reached_and_finished(state: JobState) -> None:
    """Edges lead from acceptance to every state, and from every state to success."""
    assert state in reachable(JobState.QUEUED)
    assert JobState.SUCCEEDED in reachable(state)


def reachable(start: JobState) -> set[JobState]:
    """Return the states that edges lead to from a state, itself included."""
    found = {start}
    while more := {target for sources, target in TRANSITIONS.values() if sources & found} - found:
        found |= more
    return found
