"""Shows a value that somebody gave us within one line of a message, safe for any terminal or log."""

from __future__ import annotations

import unicodedata

QUOTED_CHARACTERS = 60  #: enough to recognise a value, short enough for one line

_UNNAMED = {"\0": "NUL", "\b": "BACKSPACE", "\x1b": "ESCAPE", "\x7f": "DELETE"}


def quote(value: object, limit: int = QUOTED_CHARACTERS) -> str:
    r"""Return `value` as Python writes it, cut to `limit` characters, `…` marking the cut.

    Strings come in quotes with control characters, invisible ones and lone surrogates escaped, so that nothing in them
    acts on a terminal: an escape character is shown as `\x1b`.
    """
    # A 3 MB prompt is cut before it is escaped, so that naming it costs nothing.
    try:
        shown = repr(value[: limit + 1] if isinstance(value, str) else value)
    except (RecursionError, ValueError):  # nested without end; an integer too long for Python to write
        shown = f"<{type(value).__name__}>"
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def character_name(character: str) -> str:
    """Return a character's code point and Unicode name, as `U+200B ZERO WIDTH SPACE`."""
    unnamed = _UNNAMED.get(character, "control character")
    return f"U+{ord(character):04X} {unicodedata.name(character, unnamed)}"
