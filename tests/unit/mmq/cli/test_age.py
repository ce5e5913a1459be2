"""Ages as people type them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import typer

from mmq.cli.age import LONGEST, age_of


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        (" 2 W ", timedelta(weeks=2)),
        ("90m", timedelta(minutes=90)),
        ("0s", timedelta()),
        ("999999w", LONGEST),
    ],
)
def test_an_age_is_a_number_with_its_unit(text: str, age: timedelta) -> None:
    """From seconds to weeks; what no calendar holds is a century."""
    assert age_of(text) == age


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5d", "30days", "1d2h", "٣d x"])
def test_what_is_no_age_is_refused_with_an_example(text: str) -> None:
    """A purge that guessed would delete what nobody meant."""
    with pytest.raises(typer.BadParameter, match="as 30d"):
        age_of(text)
