"""Finds the input and tells its format."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from mmq.formats.disguise import HEAD_BYTES, disguise
from worker.errors import InvalidRequest, Problem

STDIN = "-"


class Format(StrEnum):
    """The formats that can be read."""

    JSONL = "jsonl"
    CSV = "csv"
    TXT = "txt"


_SUFFIXES = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.TXT,
}


def format_of(source: str) -> Format:
    """Return the format by the suffix; standard input is JSON lines. Raises InvalidRequest if the suffix tells none."""
    if source == STDIN:
        return Format.JSONL
    suffix = Path(source).suffix
    if suffix.casefold() in _SUFFIXES:
        return _SUFFIXES[suffix.casefold()]
    message = f"the suffix {suffix!r} of {source} tells no format" if suffix else f"{source} has no suffix"
    raise InvalidRequest([Problem("INPUT", message, "add --format jsonl, csv or txt")])


def require_file(source: str) -> None:
    """Raise InvalidRequest if there is no such file, so that a wrong name is told before anything starts."""
    path = Path(source)
    if source == STDIN:
        return
    if path.is_dir():
        raise InvalidRequest([Problem("INPUT", f"{source} is a folder", "name a file in it")])
    if not path.exists():
        raise InvalidRequest([Problem("INPUT", f"there is no file {source}", "check the path")])


@contextmanager
def opened(source: str) -> Iterator[BinaryIO]:
    """Give the input's bytes. Standard input is left open.

    Raises:
        InvalidRequest: the file may not be read, or is no text.
    """
    if source == STDIN:
        _require_text(sys.stdin.buffer, "standard input")
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(source).open("rb"))
        except OSError as error:
            problem = Problem("INPUT", f"{source}: {error.strerror}", "check its permissions")
            raise InvalidRequest([problem]) from error
        _require_text(stream, source)
        yield stream


def _require_text(stream: BinaryIO, name: str) -> None:
    """Look at the first bytes without taking them. What cannot be looked at so is read as it comes."""
    if not isinstance(stream, BufferedReader):
        return
    if found := disguise(stream.peek(HEAD_BYTES)[:HEAD_BYTES]):
        what, remedy = found
        raise InvalidRequest([Problem("INPUT", f"{name} {what}", remedy)])
