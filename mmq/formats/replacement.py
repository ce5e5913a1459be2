"""Puts a file in the place of another: the new one whole, or the old one untouched."""

from __future__ import annotations

import fcntl
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from worker.recording.durable import sync_folder


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a stream whose content becomes `path`, synced and renamed over it, once the block ends without an error.

    Half files of writers that were killed are cleared from the folder.
    """
    _clear(path)
    # Our number alone is no name of our own: in containers that share a folder all programs have the same few.
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.{os.getpid()}.part")
    try:
        with temporary.open("xb") as stream:
            with suppress(OSError):  # where a file system knows no locks, our number alone tells that we live
                fcntl.flock(stream, fcntl.LOCK_EX)
            if path.exists():
                temporary.chmod(path.stat().st_mode)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _clear(path: Path) -> None:
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError, ValueError):
            _unlink_dead(left)


def _unlink_dead(part: Path) -> None:
    """Remove the half file of a process that is gone. A lock alone would not tell one that has not locked it yet."""
    try:
        os.kill(int(part.suffixes[-2].removeprefix(".")), 0)
    except ProcessLookupError:
        with part.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a writer in another container has it
            part.unlink()
