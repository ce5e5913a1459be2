"""A spool whose worker is dead: found by its free lock, and read by whoever takes it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from worker.recording.spool import HEADER


class Abandoned:
    """A dead worker's file, locked by whoever reads it now."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.size_bytes = os.fstat(descriptor).st_size
        self.torn = False  # its last line was cut off; known once `lines` is exhausted
        self._file = os.fdopen(descriptor, "rb")

    def lines(self) -> Iterator[bytes]:
        """Yield the lines, or nothing if the file does not begin as ours do.

        Raises:
            ValueError: it is not ours, or not of this version.
        """
        header = self._file.readline(len(HEADER))
        self.torn = header != HEADER and HEADER.startswith(header) and self.size_bytes > 0
        if header != HEADER and not HEADER.startswith(header):
            raise ValueError("it does not begin as a spool of this version")
        for line in self._file:
            if line.endswith(b"\n"):
                yield line
            else:
                self.torn = True

    def remove(self) -> None:
        """All that it holds is recorded."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unlock it."""
        self._file.close()


def abandoned(path: Path) -> Abandoned | None:
    """Lock a file whose worker is dead. None: it lives, another is at it, or the file is gone.

    Raises:
        OSError: it cannot be opened, or not be locked.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:
            return Abandoned(path, descriptor)
    except BlockingIOError:
        pass
    except OSError:  # some network disks know no locks
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
