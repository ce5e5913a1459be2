"""Writes JSON lines to a file that is complete or not there at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from errno import EBADF
from pathlib import Path
from typing import Any, BinaryIO

from worker.errors import InvalidRequest, MmqError, Problem

STDOUT = "-"


class NotWritten(MmqError):
    """A file of results could not be written. What belongs in it is in the database all the same."""


def write_jsonl(target: str, lines: Iterable[Mapping[str, Any]]) -> int:
    """Write one JSON object a line to `target`, `-` being standard output; return how many.

    A file appears whole: it is written beside the target, synced and renamed over it, and if anything fails on the way,
    also in `lines`, what was there before stays. A symbolic link is followed; what is no regular file, as a pipe or
    `/dev/null`, is written to as it is.

    Raises:
        NotWritten: a full disk, a folder that is gone.
        ConnectionError: whoever read standard output has left, or `lines` broke off.
    """
    try:
        return _write_to(target, lines)
    except ConnectionError:
        raise
    except OSError as exc:
        name = "standard output" if target == STDOUT else target
        raise NotWritten(f"{name} cannot be written: {exc.strerror or type(exc).__name__}") from exc


def require_target(target: str) -> None:
    """Raise InvalidRequest if `target` cannot be written, so that this is told before a run and not after it."""
    folder = Path(target).resolve().parent
    if target == STDOUT:
        return
    if Path(target).is_dir():
        raise InvalidRequest([Problem("OUT", f"{target} is a folder", "name a file in it")])
    if not folder.is_dir():
        raise InvalidRequest([Problem("OUT", f"there is no folder {folder}", "create it")])
    if not os.access(folder, os.W_OK):
        raise InvalidRequest([Problem("OUT", f"the folder {folder} cannot be written to", "choose another")])


def encode_line(line: Mapping[str, Any]) -> bytes:
    """Return one line in UTF-8 with its line end. Half an emoji, which UTF-8 lacks, is written as an escape."""
    try:
        return (json.dumps(line, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(line) + "\n").encode()


def _write_to(target: str, lines: Iterable[Mapping[str, Any]]) -> int:
    if target == STDOUT:
        if sys.stdout is None:
            raise OSError(EBADF, "it is closed")
        count = _write(sys.stdout.buffer, lines)
        sys.stdout.buffer.flush()
        return count
    path = Path(target).resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            return _write(stream, lines)
    return _replace(path, lines)


def _write(stream: BinaryIO, lines: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    for line in lines:
        stream.write(encode_line(line))
        count += 1
    return count


def _replace(path: Path, lines: Iterable[Mapping[str, Any]]) -> int:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as stream:
            if path.exists():
                temporary.chmod(path.stat().st_mode)
            count = _write(stream, lines)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return count


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
