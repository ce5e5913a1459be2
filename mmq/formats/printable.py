"""JSON that can be shown as it is, whatever it holds."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

#: What JSON may hold as it is, but a terminal obeys (C1 controls, marks that turn the direction of text) and programs
#: that split text by Unicode's rules take for the end of a line.
_TREACHEROUS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable_json(value: Any) -> str:
    """Return a value as JSON on one line, which no terminal obeys and no reader of lines cuts in two.

    Controls, and half an emoji, which UTF-8 lacks, are written as escapes: whoever parses it gets what it held.
    Moments are in ISO 8601, whatever else JSON has no form for is written as its text.
    """
    text = _TREACHEROUS.sub(_escape, json.dumps(value, ensure_ascii=False, default=_text))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, default=_text)
    return text


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
