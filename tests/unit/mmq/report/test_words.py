"""Numbers, times and foreign text, as a person reads them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmq.report.words import counted, cut, duration, safe


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1:00 min"),
        (125, "2:05 min"),
        (3599.7, "1:00 h"),
        (11220, "3:07 h"),
    ],
)
def test_durations_have_the_precision_that_matters(seconds: float, text: str) -> None:
    """Tenths below ten seconds, then seconds, minutes and hours; never 60 of anything."""
    assert duration(seconds) == text


def test_counts_agree_with_their_noun() -> None:
    """One job, several jobs, thousands with a separator."""
    assert [counted(n, "job") for n in (0, 1, 1200)] == ["0 jobs", "1 job", "1,200 jobs"]
    assert counted(2, "batch", "batches") == "2 batches"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\rb", r"a\rb"),
        ("\x9b2J", r"\x9b2J"),
        ("abc\u202ecba", r"abc\u202ecba"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("half \ud800", r"half \ud800"),
        ("北京 straße", "北京 straße"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(text: str, shown: str) -> None:
    """Escapes, carriage returns, C1 controls, direction overrides and invisible characters lose their power."""
    assert safe(text) == shown


@given(st.text())
def test_safe_text_never_holds_a_control_character(text: str) -> None:
    """Whatever comes in, nothing of the unsafe categories comes out; line ends only if asked for."""
    assert not {unicodedata.category(c) for c in safe(text)} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert {c for c in safe(text, lines=True) if unicodedata.category(c) == "Cc"} <= {"\n", "\t"}


def test_cutting_never_exceeds_the_length() -> None:
    """The ellipsis counts, too."""
    assert [cut("abcdef", n) for n in (6, 5, 1)] == ["abcdef", "abcd…", "…"]
