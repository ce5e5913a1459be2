"""Parts of a text come lost, doubled, late and overlapping; what is passed on is the text, once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mmq.result import Result
from mmq.streaming.hearing import Hearing
from worker.errors import StreamBroken
from worker.streaming.message import Following, Part


def answered(text: str) -> Result:
    """Return an answer of this text."""
    nothing: dict[str, Any] = {}
    return Result("j", None, text, "", "stop", None, None, nothing)


@given(text=some.text(max_size=60), cuts=some.lists(some.tuples(some.integers(0, 60), some.integers(0, 60))))
def test_whatever_comes_the_text_is_passed_on_once(text: str, cuts: list[tuple[int, int]]) -> None:
    """Parts are any stretches of the text in any order, and the answer's end brings what they left out."""
    hearing = Hearing("j")
    heard = [hearing.take(Part(1, start, text[start:end])) for start, end in cuts if start <= len(text)]
    assert text.startswith("".join(heard))
    assert "".join([*heard, hearing.rest(answered(text))]) == text


def test_after_a_gap_the_text_is_asked_for_from_where_it_ends() -> None:
    """A part that does not follow on what was heard is dropped, and the workers are told where it ends."""
    hearing = Hearing("j")
    assert hearing.take(Part(2, 0, "one ")) == "one "
    assert hearing.take(Part(2, 8, "three")) == ""
    assert hearing.gap
    assert hearing.following == Following("j", 2, 4)
    assert hearing.take(Part(2, 4, "two three", over=True)) == "two three"
    assert (hearing.gap, hearing.over) == (False, True)


def test_late_parts_of_an_older_attempt_are_not_heard() -> None:
    """Words of a call that broke off may arrive after the first of the next."""
    hearing = Hearing("j")
    hearing.take(Part(2, 0, "new"))
    assert hearing.take(Part(1, 3, " old")) == ""
    assert hearing.rest(answered("new")) == ""


def test_an_attempt_that_said_nothing_is_followed_by_the_next() -> None:
    """Nothing was passed on, so nothing is void."""
    hearing = Hearing("j")
    assert hearing.take(Part(1, 0, "", over=True)) == ""
    assert hearing.take(Part(2, 0, "Hello")) == "Hello"
    assert not hearing.over


@pytest.mark.parametrize("comes", ["a part of the next attempt", "another answer"])
def test_what_was_passed_on_and_is_void_is_told(comes: str) -> None:
    """Text cannot be taken back; whoever followed must know that it was not the answer."""
    hearing = Hearing("j")
    hearing.take(Part(1, 0, "Once upon"))
    with pytest.raises(StreamBroken, match="9 characters"):
        hearing.take(Part(2, 0, "There")) if comes.startswith("a part") else hearing.rest(answered("There was"))
