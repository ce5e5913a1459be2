from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmq.formats.identity import MAX_CUSTOM_ID_CHARACTERS, CustomIds


@given(st.lists(st.none() | st.sampled_from(["a", "line-1", "line-2", "line-3", "line-03", "line-x", "line-99"])))
def test_accepted_ids_are_unique(given_ids: list[str | None]) -> None:
    """However named and unnamed lines mix, no two accepted lines share an id, and a refusal names the first."""
    ids, accepted = CustomIds(), {}
    for number, given_id in enumerate(given_ids, 1):
        name, problem = ids.claim(number, given_id)
        assert name is not None
        if problem is None:
            assert name not in accepted
            accepted[name] = number
        elif name in accepted:
            assert f"line {accepted[name]}" in problem.message


def test_line_without_id_is_named_by_its_number() -> None:
    """The default id lets its owner find the line."""
    assert CustomIds().claim(7, None) == ("line-7", None)


@pytest.mark.parametrize(
    ("given_id", "words"),
    [
        (7, "not 7"),
        ("", "is empty"),
        ("x" * (MAX_CUSTOM_ID_CHARACTERS + 1), "has 257 characters, at most 256"),
        ("a\nb", "cannot be printed"),
        ("a\0", "cannot be printed"),
        ("\ud800", "cannot be printed"),
    ],
)
def test_unusable_id_is_refused(given_id: object, words: str) -> None:
    """An id is a printable string of bounded length, since it goes into files, tables and terminals."""
    name, problem = CustomIds().claim(1, given_id)
    assert name is None
    assert problem is not None
    assert words in problem.message
