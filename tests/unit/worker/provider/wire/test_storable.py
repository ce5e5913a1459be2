from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.provider.wire.storable import storable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("\u6392\U0001f642", "\u6392\U0001f642"),
        ("\ud83d\ude42", "\U0001f642"),
        ("a\ud83d", "a\ufffd"),
        ("\ude42b", "\ufffdb"),
        ("nul\0", "nul\ufffd"),
    ],
)
def test_text_is_made_storable(text: str, expected: str) -> None:
    """Pairs are joined, lone halves and NUL replaced, the rest untouched."""
    assert storable(text) == expected


@given(st.text(st.characters()))
def test_any_text_becomes_utf8_without_nul(text: str) -> None:
    """Both databases take whatever comes out."""
    assert b"\0" not in storable(text).encode()
