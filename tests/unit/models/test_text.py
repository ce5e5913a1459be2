"""Text from outside, made fit for every database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text import storable

SHOWN = {"a\x00b": "a\ufffdb", "a\ud800b": "a\ufffdb", "\udc00": "\ufffd", "\ud83d\ude00": "😀", "plain 😀": "plain 😀"}


@pytest.mark.parametrize(("given_", "stored"), SHOWN.items(), ids=ascii)
def test_unstorable_characters_are_shown_as_replaced(given_: str, stored: str) -> None:
    """NUL and lone surrogates become U+FFFD; a pair of surrogates is the character it means."""
    assert storable(given_) == stored


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_storable(text: str) -> None:
    """The result encodes as UTF-8 and holds no NUL, and is left as it is if it comes again."""
    result = storable(text)
    assert "\x00" not in result
    assert result.encode().decode() == result
    assert storable(result) == result
