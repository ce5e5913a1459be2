from __future__ import annotations

import pytest

from worker.provider.preflight.finding import Finding
from worker.provider.preflight.invisible import invisible_finding


def found(text: str) -> list[Finding]:
    return [*invisible_finding("prompt", text)]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("a" * 90 + "\u200b" * 10, False),
        ("a" * 89 + "\u200b" * 11, True),
        ("a" * 8 + "\x07\x1b", True),
        ("\ufeff", True),
        ("a\u200db\u200dc\u200dd", True),
        ("क्\u200dष" * 20, False),
        ("👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥", False),
        ("a\tb\r\nc\n", False),
    ],
)
def test_invisible_characters_over_a_tenth_are_refused(text: str, refused: bool) -> None:
    """Exactly a tenth passes; joiners are held against a text only if they join nothing that is seen."""
    assert any(finding.fatal for finding in found(text)) is refused


def test_joined_emoji_only_warn() -> None:
    """Whether MiniMax counts what holds a family emoji together is unknown, so the text runs, with a word about it."""
    (finding,) = found("👨\u200d👩\u200d👧")
    assert not finding.fatal
    assert "ZERO WIDTH JOINER" in finding.message


def test_invisible_characters_are_named() -> None:
    """The finding lists which characters they are and how many, so that they can be searched for."""
    (finding,) = found("ab" + "\u200b" * 3 + "\u202e")
    assert "4 of 6 characters (67%)" in finding.message
    assert "3 × U+200B ZERO WIDTH SPACE, 1 × U+202E RIGHT-TO-LEFT OVERRIDE" in finding.message
