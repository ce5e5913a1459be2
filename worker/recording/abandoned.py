"""A spool whose worker is dead: found by its free lock, and read by whoever takes it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from worker.recording.spool import BEGINS, HEADER

TOLD = ".told"  # beside a spool that nobody here can record: its size when that was said


class Abandoned:
    """A dead worker's file, locked by whoever reads it now."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.size_bytes = os.fstat(descriptor).st_size
        self.torn = 0  # lines that were cut off, by a death or a disk; known once `lines` is exhausted
        self._file = os.fdopen(descriptor, "rb")

    def lines(self) -> Iterator[bytes]:
        """Yield the whole lines. Where the next was written right behind one that was cut off, it is found there.

        Raises:
            ValueError: it is not ours, or not of this version.
        """
        header = self._file.readline(len(HEADER))
        self.torn = int(header != HEADER and HEADER.startswith(header) and self.size_bytes > 0)
        if header != HEADER and not HEADER.startswith(header):
            raise ValueError("it does not begin as a spool of this version")
        for line in self._file:
            last = max(line.rfind(BEGINS), 0)
            self.torn += line.count(BEGINS, 0, last) + (not line.startswith(BEGINS) and last > 0)
            if line.endswith(b"\n"):
                yield line[last:]
            else:
                self.torn += 1

    def told(self) -> bool:
        """Return whether a worker before has said what is the matter with this file as it is."""
        try:
            return self.path.with_suffix(TOLD).read_bytes() == self._note
        except OSError:
            return False

    def tell(self) -> None:
        """Note for the workers to come that it was said; where that cannot be written, they say it again."""
        with suppress(OSError):
            self.path.with_suffix(TOLD).write_bytes(self._note)

    @property
    def _note(self) -> bytes:
        return b"%d" % self.size_bytes

    def remove(self) -> None:
        """All that it holds is recorded."""
        self.path.with_suffix(TOLD).unlink(missing_ok=True)
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
