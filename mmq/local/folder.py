"""Folders that only their owner may enter."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker.errors import ConfigurationError, Problem


def private_folder(path: Path) -> None:
    """Make sure that a folder exists that only we may enter. An existing one of ours keeps its permissions.

    Raises:
        ConfigurationError: it cannot be made, or belongs to somebody else, who could plant a socket in it.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as exc:
        raise _refused(f"{path} cannot be made: {exc.strerror}") from exc
    # A link to a folder of ours is as good as the folder, except where everybody may put links: in /tmp.
    if stat.S_ISLNK(found.st_mode) and found.st_uid != os.getuid():
        raise _refused(f"{path} is a link that belongs to another user")
    if path.stat().st_uid != os.getuid():
        raise _refused(f"{path} belongs to another user")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for whoever holds it. It ends with the holder, however that ends.

    Raises:
        ConfigurationError: it cannot be written, as in a home on a file system that is full or may only be read.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise _refused(f"{path} cannot be written: {exc.strerror}") from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refused(message: str) -> ConfigurationError:
    return ConfigurationError([Problem("MMQ_HOME", message, "set MMQ_HOME to a folder of yours")])
