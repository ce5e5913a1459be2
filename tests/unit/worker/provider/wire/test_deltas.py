from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.provider.wire.deltas import Deltas


def joined(pieces: list[str], full: str = "") -> tuple[str, str]:
    deltas = Deltas()
    heard = "".join([*(deltas.feed(piece) for piece in pieces), deltas.finish(full)])
    return deltas.text, heard


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["Hel", "lo"], "Hello"),
        (["Hel", "Hello"], "Hello"),
        (["He", "Hello", "Hello wor", "Hello world"], "Hello world"),
        (["ha", "haha", " funny"], "hahaha funny"),
        (["1", "10"], "110"),
        (["\n", "\n\n", "x"], "\n\n\nx"),
        (["a", "a", "a"], "aaa"),
        (["", "a", "", "b"], "ab"),
        (["The first clause,", "The first clause, the second,", "The first clause, the second, and more"], None),
        (["The first clause,", "The first clause, two", "The first clause, two, a", "The first clause, two, a"], None),
        ([], ""),
    ],
)
def test_pieces_are_joined_whether_they_add_or_repeat(pieces: list[str], text: str | None) -> None:
    """Incremental pieces are added, cumulative ones replace; None stands for the last piece."""
    expected = pieces[-1] if text is None else text
    assert joined(pieces) == (expected, expected)


@pytest.mark.parametrize(("full", "text"), [("110", "110"), ("10", "10")])
def test_a_repeated_whole_settles_doubt(full: str, text: str) -> None:
    """Where a short answer could be read either way, the text at the stream's end decides."""
    assert joined(["1", "10"], full)[0] == text


def test_an_incremental_stream_is_passed_on_without_delay() -> None:
    """Holding back is the price of doubt, and there is none once a piece does not begin with the last."""
    deltas = Deltas()
    assert [deltas.feed(piece) for piece in ["A ", "queue ", "is"]] == ["A ", "queue ", "is"]


@given(st.text(min_size=60, alphabet="abcdef \n"), st.lists(st.integers(1, 12), min_size=3))
def test_a_cumulative_stream_says_its_last_piece(text: str, steps: list[int]) -> None:
    """Any growing sequence of beginnings of a text comes to the longest of them."""
    ends, end = [], 0
    for step in steps:
        end = min(end + step, len(text))
        ends.append(end)
    pieces = [text[:end] for end in dict.fromkeys(ends)]
    if len(pieces) > 2:
        assert joined(pieces) == (pieces[-1], pieces[-1])


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=2, max_size=30))
def test_an_incremental_stream_loses_nothing(pieces: list[str]) -> None:
    """Unless every piece begins with the one before, all pieces are in the text."""
    if not all(b.startswith(a) and a != b for a, b in itertools.pairwise(pieces)):
        assert joined(pieces) == ("".join(pieces), "".join(pieces))
