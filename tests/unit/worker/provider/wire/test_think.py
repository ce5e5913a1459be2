from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.provider.wire.think import ThinkSplitter

CASES = [
    ("plain answer", "plain answer", ""),
    ("  leading space stays", "  leading space stays", ""),
    ("<think>why</think>\n\nanswer", "answer", "why"),
    ("\n<think>\nwhy\n</think>\n\nanswer\n", "answer\n", "why"),
    ("<think>a</think>\n<think>b</think>answer", "answer", "ab"),
    ("<think></think>answer", "answer", ""),
    ("<think>never closed", "", "never closed"),
    ("why</think>\n\nanswer", "answer", "why"),
    ("</think>answer", "answer", ""),
    ("<think>a < b </thin> c</think>x<y", "x<y", "a < b </thin> c"),
    ("use <think>x</think> in it", "use <think>x</think> in it", ""),
    ("<think>why</think>the tag </think> closes", "the tag </think> closes", "why"),
    ("a < b", "a < b", ""),
    ("<thinking>other tag</thinking>", "<thinking>other tag</thinking>", ""),
    ("ends with <", "ends with <", ""),
    ("<thi", "<thi", ""),
    ("<think>why</think>\n <thi", "<thi", "why"),
    ("<think>why</thi", "", "why</thi"),
    ("", "", ""),
    ("  ", "  ", ""),
]


@pytest.mark.parametrize(("content", "text", "reasoning"), CASES)
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_reasoning_is_parted_from_the_answer(content: str, text: str, reasoning: str, step: int) -> None:
    """Balanced, opener only, closer only, tags in the midst of an answer; in one piece and in many."""
    splitter = ThinkSplitter()
    for start in range(0, len(content), step):
        splitter.feed(content[start : start + step])
    splitter.finish()
    assert (splitter.text, splitter.reasoning) == (text, reasoning)


def test_an_unclosed_thought_is_told() -> None:
    """Whoever reads the answer must know that it may be inside the reasoning."""
    splitter = ThinkSplitter()
    splitter.feed("<think>hm")
    assert splitter.unclosed
    splitter.feed("</think>")
    assert not splitter.unclosed


def test_the_answer_is_given_as_soon_as_it_is_certain() -> None:
    """Only what may be a tag is held back."""
    splitter = ThinkSplitter()
    given_out = [splitter.feed(piece) for piece in ["<th", "ink>w</think", ">\n", "\nHel", "lo <", "b>"]]
    assert given_out == ["", "", "", "Hel", "lo <", "b>"]


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "th", "ink>", "</", " ", "\n", "word", ">"]), max_size=12),
    st.integers(1, 9),
)
def test_cuts_do_not_matter_to_what_is_said(parts: list[str], step: int) -> None:
    """Any cutting gives the result of the whole, and no word is lost."""
    content = "".join(parts)
    whole, cut = ThinkSplitter(), ThinkSplitter()
    whole.feed(content)
    whole.finish()
    for start in range(0, len(content), step):
        cut.feed(content[start : start + step])
    cut.finish()
    assert (cut.text, cut.reasoning) == (whole.text, whole.reasoning)
    assert (whole.reasoning + whole.text).count("word") == content.count("word")


@given(st.lists(st.text("ab<think/>\n ", max_size=8), max_size=8))
def test_what_is_given_out_is_the_text_unless_a_closer_comes_alone(pieces: list[str]) -> None:
    """A follower of the stream sees the answer, in order, and nothing after it is taken back."""
    splitter = ThinkSplitter()
    heard = "".join([*(splitter.feed(piece) for piece in pieces), splitter.finish()])
    assert heard.endswith(splitter.text)
    if "</think>" not in "".join(pieces):
        assert heard == splitter.text
