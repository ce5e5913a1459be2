"""Counts the characters that nobody sees, of which MiniMax tolerates one in ten (code 1042)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from worker.provider.preflight.finding import Finding
from worker.provider.quoting import character_name

MAX_INVISIBLE_SHARE = 0.1  #: MiniMax's error table, code 1042

# MiniMax does not say which characters it counts. These are the control characters other than tab and line ends, and
# what Unicode calls format or default-ignorable: zero-width, direction marks, fillers, selectors, tags, soft hyphen.
_INVISIBLE = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_invisible = re.compile(f"[{_INVISIBLE}]")

# Joiners within Persian, Indic scripts and emoji, and selectors after a symbol, are part of what is seen.
_SEEN = rf"[^\x00-\x7f{_INVISIBLE}]"
_joined = re.compile(f"{_SEEN}(?:\ufe0f?[\u200c\u200d](?={_SEEN})|[\ufe0e\ufe0f])")

_NAMED = 5  #: as many kinds of characters are named as fit in a line


def invisible_finding(field: str, text: str) -> Iterator[Finding]:
    """Refuse a text of which more than a tenth is invisible, and say which characters these are.

    Warn if it is only so by characters that join others into one that is seen: whether MiniMax counts these is unknown.
    """
    if text.isascii() and text.isprintable():
        return
    found = _invisible.findall(text)
    if len(found) <= len(text) * MAX_INVISIBLE_SHARE:
        return
    unseen = len(_invisible.findall(_joined.sub("", text)))
    fatal = unseen > len(text) * MAX_INVISIBLE_SHARE
    kinds = Counter(found).most_common()
    named = ", ".join(f"{count} × {character_name(character)}" for character, count in kinds[:_NAMED])
    more = f" and {len(kinds) - _NAMED} other kinds" if len(kinds) > _NAMED else ""
    share = f"{len(found)} of {len(text)} characters ({len(found) / len(text):.0%})"
    message = f"{share} are invisible, MiniMax allows {MAX_INVISIBLE_SHARE:.0%} (1042): {named}{more}"
    remedy = "remove them; they often come with text copied from a web page or a PDF"
    yield Finding(field, message, remedy if fatal else "if MiniMax counts joined emoji and letters, write fewer", fatal)
