"""Make sense of a whole body, which may be anything: JSON, half of it, a gateway's HTML page, nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_BOM = "\ufeff"
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_SHORT = 200  # characters of a plain text body that make its message


@dataclass(frozen=True, slots=True)
class Body:
    """`payload` is the JSON object, or None with the `cause`; `message` is what a page that is no JSON says."""

    text: str
    payload: dict[str, Any] | None = None
    cause: str | None = None
    message: str = ""
    replaced: bool = False  #: whether bytes were not UTF-8, and are U+FFFD now


def body_of(raw: bytes) -> Body:
    """Return what the bytes hold. Causes: empty_body, html_body, truncated_json, not_json, json_no_object."""
    try:
        text, replaced = raw.decode().removeprefix(_BOM), False
    except UnicodeDecodeError:
        text, replaced = raw.decode(errors="replace").removeprefix(_BOM), True
    bare = text.strip()
    if not bare:
        return Body(text, cause="empty_body")
    if bare.startswith("<"):
        title = _TITLE.search(bare)
        return Body(text, cause="html_body", message=" ".join(title[1].split()) if title else "")
    payload = object_of(bare)
    if payload is not None:
        return Body(text, payload, replaced=replaced)
    if bare.startswith("{") and not bare.endswith("}"):
        return Body(text, cause="truncated_json", replaced=replaced)
    cause = "json_no_object" if _is_json(bare) else "not_json"
    return Body(text, cause=cause, message=" ".join(bare[:_SHORT].split()), replaced=replaced)


def object_of(text: str) -> dict[str, Any] | None:
    """Return the JSON object in the text, or None for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # nesting of a thousand brackets is a recursion error, not a ValueError
        return None
    return value if isinstance(value, dict) else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
