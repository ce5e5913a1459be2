"""Writes JSON lines to a file that is complete or not there at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from errno import EBADF
from pathlib import Path
from typing import Any, BinaryIO

from mmq.formats.printable import printable_json
from mmq.formats.replacement import replacing
from worker.errors import InvalidRequest, MmqError, Problem

STDOUT = "-"


class NotWritten(MmqError):
    """A file of results could not be written. What belongs in it is in the database all the same."""


class ReaderLeft(MmqError):
    """Whoever read the results had enough of them, as `head` has."""


def write_jsonl(target: str, lines: Iterable[Mapping[str, Any]]) -> int:
    """Write one JSON object a line to `target`, `-` being standard output; return how many.

    A file appears whole: it is written beside the target, synced and renamed over it, and if anything fails on the way,
    also in `lines`, what was there before stays. A symbolic link is followed; what is no regular file, as a pipe or
    `/dev/null`, is written to as it is.

    Raises:
        NotWritten: a full disk, a folder that is gone.
        ReaderLeft: `target` is a pipe that nobody reads any more.
        ConnectionError: `lines` broke off.
    """
    name = "standard output" if target == STDOUT else target
    try:
        return _write_to(target, lines)
    except BrokenPipeError as exc:
        raise ReaderLeft(f"whoever read {name} left before the end") from exc
    except ConnectionError:
        raise
    except OSError as exc:
        raise NotWritten(f"{name} cannot be written: {exc.strerror or type(exc).__name__}") from exc


def require_target(target: str) -> None:
    """Raise InvalidRequest if `target` cannot be written, so that this is told before a run and not after it."""
    if target == STDOUT:
        if sys.stdout is None:
            raise InvalidRequest([Problem("OUT", "standard output is closed", "name a file by -o")])
        return
    folder = Path(target).resolve().parent
    if Path(target).is_dir():
        raise InvalidRequest([Problem("OUT", f"{target} is a folder", "name a file in it")])
    if not folder.is_dir():
        raise InvalidRequest([Problem("OUT", f"there is no folder {folder}", "create it")])
    if Path(target).exists() and not os.access(target, os.W_OK):
        raise InvalidRequest([Problem("OUT", f"{target} may only be read", "name another file, or chmod u+w it")])
    if not os.access(folder, os.W_OK):
        raise InvalidRequest([Problem("OUT", f"the folder {folder} cannot be written to", "choose another")])


def encode_line(line: Mapping[str, Any]) -> bytes:
    """Return one line in UTF-8 with its line end, which no terminal obeys and no reader of lines cuts in two.

    Controls, and half an emoji, which UTF-8 lacks, are written as escapes: whoever parses the line gets what it held.
    """
    return (printable_json(line) + "\n").encode()


def _write_to(target: str, lines: Iterable[Mapping[str, Any]]) -> int:
    if target == STDOUT:
        return _print(lines)
    path = Path(target).resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            return _write(stream, lines)
    with replacing(path) as stream:
        return _write(stream, lines)


def _print(lines: Iterable[Mapping[str, Any]]) -> int:
    if sys.stdout is None:
        raise OSError(EBADF, "it is closed")
    try:
        count = _write(sys.stdout.buffer, lines)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python would try to get rid of the rest when it ends, and complain.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise
    return count


def _write(stream: BinaryIO, lines: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    for line in lines:
        stream.write(encode_line(line))
        count += 1
    return count
