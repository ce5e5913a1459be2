"""Reads JSON lines: one object a line, in batch form or short form."""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Any, BinaryIO

from mmq.formats.physical import decoded_lines
from mmq.formats.record import BadLine, Draft, bad_line
from mmq.formats.request import draft
from worker.provider.quoting import quote

_NAMES = {
    dict: "object",
    list: "list",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
}


class _NotAllowed(ValueError):
    """JSON that Python reads and we do not."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name given twice: which of two prompts was meant, nobody knows."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotAllowed(f"the name {quote(twice)} stands twice in one object")
    return fields


def _constant(word: str) -> Any:
    raise _NotAllowed(f"{word} is not JSON")


_decode = JSONDecoder(object_pairs_hook=_object, parse_constant=_constant).decode


def read_jsonl(stream: BinaryIO) -> Iterator[Draft | BadLine]:
    """Yield one draft a line; blank lines are skipped, a line that is not a JSON object is bad."""
    for line in decoded_lines(stream):
        yield line if isinstance(line, BadLine) else _parse(*line)


def _parse(number: int, text: str) -> Draft | BadLine:
    try:
        fields = _decode(text)
    except (ValueError, RecursionError) as error:
        # Where files were joined without care, a byte order mark may start any line.
        return (
            _parse(number, text[1:]) if text.startswith("\ufeff") else bad_line(number, "line", *_reason(error, text))
        )
    if not isinstance(fields, dict):
        message = f"must be a JSON object, not a {_NAMES[type(fields)]}: {quote(text)}"
        return bad_line(number, "line", message, 'write {"prompt": "..."}, one object a line')
    return draft(number, fields)


def _reason(error: ValueError | RecursionError, text: str) -> tuple[str, str]:
    """Return what is wrong with the text, and how to mend it."""
    if isinstance(error, RecursionError):
        return "nested too deeply to be read", "make it flatter"
    if isinstance(error, _NotAllowed):
        return str(error), "write each name once, and finite numbers"
    if isinstance(error, JSONDecodeError):
        near = f"near {quote(text[error.pos :], 30)}" if error.pos < len(text) else "where the line ends"
        return (
            f"not JSON: {error.msg.removesuffix(' at')} at column {error.pos + 1}, {near}",
            "write one JSON object a line",
        )
    return "a number has more digits than can be read", "write it as a string"
