"""Numbers, times and foreign text, as a person reads them."""

from __future__ import annotations

import unicodedata

#: Unicode categories that move a cursor, hide text or have no glyph: controls, formats, surrogates, line separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `2:05 min`, `3:07 h`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return `1 job`, `1,200 jobs`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def safe(text: str, *, lines: bool = False) -> str:
    """Return text from outside with all that a terminal would obey shown as escapes.

    Line ends and tabs are kept if `lines`.
    """
    kept = "\n\t" if lines else ""
    return "".join(
        _escape(character) if unicodedata.category(character) in _UNSAFE and character not in kept else character
        for character in text
    )


def cut(text: str, length: int) -> str:
    """Return at most `length` characters, the last an ellipsis if some are missing."""
    return text if len(text) <= length else text[: max(length - 1, 0)] + "…"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
