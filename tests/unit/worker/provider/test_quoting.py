from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.provider.quoting import QUOTED_CHARACTERS, character_name, quote


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_quoted_text_is_short_and_printable(text: str) -> None:
    """Nothing quoted can act on a terminal, hide in it, or fill it."""
    shown = quote(text)
    assert shown.isprintable()
    assert len(shown) <= QUOTED_CHARACTERS


def test_whatever_cannot_be_written_is_named_by_its_type() -> None:
    """An endless structure and an integer beyond Python's digits do not break the message about them."""
    endless: list[object] = []
    for _ in range(100_000):
        endless = [endless]
    assert quote(endless) == "<list>"
    assert quote(10**5000) == "<int>"


@pytest.mark.parametrize(
    ("character", "name"),
    [("\u200b", "U+200B ZERO WIDTH SPACE"), ("\0", "U+0000 NUL"), ("\x01", "U+0001 control character")],
)
def test_invisible_characters_have_names(character: str, name: str) -> None:
    """A character that cannot be seen is shown by its number and its Unicode name."""
    assert character_name(character) == name
