"""Checks that a request can be written as JSON in UTF-8, stored and sent, so that none fails for it in a worker."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from json import JSONEncoder
from typing import Any

from worker.provider.preflight.finding import Finding
from worker.provider.quoting import quote

# A million tokens, the longest context there is, are about 4 MB of English and 5 MB of Chinese.
MAX_REQUEST_BYTES = 8 * 1024 * 1024

# Far above any real tool schema, far below what exhausts Python's stack in a worker.
MAX_DEPTH = 64

_encode = JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_surrogate = re.compile("[\ud800-\udfff]")


def encoding_findings(request: Mapping[str, Any]) -> Iterator[Finding]:
    """Refuse lone surrogates, NUL, NaN, values that JSON lacks, deep nesting, and more than `MAX_REQUEST_BYTES`."""
    try:
        text = _encode(dict(request))
        size = len(text) if text.isascii() else len(text.encode())
    except (ValueError, TypeError, RecursionError) as error:
        faults = [*_faults(request)]
        yield from faults or [Finding("request", f"cannot be written as JSON: {type(error).__name__}")]
        return
    if size > MAX_REQUEST_BYTES:
        message = f"{size:,} bytes, at most {MAX_REQUEST_BYTES:,} can be sent"
        yield Finding("request", message, "shorten or split the prompt, or send images by URL")
    # Few braces cannot nest deeply, and an escaped NUL shows in the text: seldom is a closer look needed.
    if "\\u0000" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        yield from _faults(request)


def _faults(request: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at every value, without recursion, since the request may be nested without end."""
    stack: list[tuple[str, object, int]] = [("", dict(request), 0)]
    while stack:
        field, value, depth = stack.pop()
        if depth > MAX_DEPTH:
            # One such finding ends the search: an object that contains itself has no end.
            yield Finding(_cut(field), f"nested deeper than {MAX_DEPTH} levels", "make it flatter")
            return
        if isinstance(value, dict):
            for key, inner in reversed([*value.items()]):
                if not isinstance(key, str):
                    yield Finding(_cut(field) or "request", f"the name {quote(key)} must be a string")
                    continue
                yield from _text_faults(_cut(f"{field} (a name in it)".strip()), key)
                stack.append((f"{field}.{key}" if field else key, inner, depth + 1))
        elif isinstance(value, list | tuple):
            stack.extend((f"{field}[{i}]", inner, depth + 1) for i, inner in reversed([*enumerate(value)]))
        elif isinstance(value, str):
            yield from _text_faults(_cut(field), value)
        elif isinstance(value, float) and not math.isfinite(value):
            yield Finding(_cut(field), f"{value} is no number that JSON can carry", "write a finite number")
        elif value is not None and not isinstance(value, bool | int | float):
            yield Finding(_cut(field), f"{quote(value)} is a {type(value).__name__}, which JSON cannot carry")


def _text_faults(field: str, text: str) -> Iterator[Finding]:
    if found := _surrogate.search(text):
        code = f"U+{ord(found[0]):04X}"
        message = f"the lone surrogate {code} at character {found.start() + 1} cannot be written as UTF-8"
        yield Finding(field, message, "write the emoji or character whole, or remove the half")
    if "\0" in text:
        message = f"the NUL character at character {text.index(chr(0)) + 1} cannot be stored in PostgreSQL"
        yield Finding(field, message, "remove it")


def _cut(field: str) -> str:
    """Field names come from the request as well, and may be long or unprintable."""
    return field if len(field) <= 80 and field.isprintable() else quote(field, 80)[1:-1]
