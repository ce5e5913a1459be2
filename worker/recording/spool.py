"""A worker's file of endings that wait for the database, under `home/spool`.

It is there only while it holds something, and locked while its worker lives: a file that is free was left by a dead
one, and whoever locks it may record what it holds. Each append is on the disk when it returns.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from worker.recording.durable import sync_folder

HEADER = b'{"mmq spool":1}\n'  # another layout of the lines takes another number
BEGINS = b'{"ending":'  # each line; inside one its quotes are escaped, so these bytes stand nowhere else
LIMIT_BYTES = 256 * 2**20  # a worker of 100 calls has at most 100 answers to keep, some 1 MB


class SpoolFull(Exception):
    """No room under LIMIT_BYTES."""


class Spool:
    """One worker's file. For any thread: who closes it waits for an append under way."""

    def __init__(self, home: Path, worker_id: str, limit_bytes: int = LIMIT_BYTES) -> None:
        """Touch nothing yet."""
        self.path = folder(home) / f"{worker_id}.jsonl"
        self.limit_bytes = limit_bytes
        self._descriptor = -1
        self._size = 0  # in whole lines; beyond it lies what an append left that could not be undone
        self._lock = threading.Lock()

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines: all or, if it raises, none.

        Raises:
            SpoolFull: they would make it larger than it may be.
            OSError: the disk does not take them.
        """
        with self._lock:
            if self._descriptor < 0:
                self._descriptor = self._create()
                self._size = os.fstat(self._descriptor).st_size
            content = (b"" if self._size else HEADER) + b"".join(lines)
            if self._size + len(content) > self.limit_bytes:
                raise SpoolFull(f"{self._size + len(content)} bytes, may hold {self.limit_bytes}")
            # What an append could not undo must go now: a line behind it would be joined to it.
            if os.fstat(self._descriptor).st_size > self._size:
                os.ftruncate(self._descriptor, self._size)
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, self._size)
                raise
            self._size += len(content)

    def remove(self) -> None:
        """Its lines are in the database: remove the file."""
        with self._lock:
            if self._descriptor >= 0:
                self.path.unlink(missing_ok=True)
                self._let_go()

    def close(self) -> None:
        """Let go of the file, for a successor if it is still there."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _create(self) -> int:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if os.fstat(descriptor).st_nlink:
                    sync_folder(self.path.parent)  # or a power cut would take the name, and with it the lines
                    return descriptor
            except OSError:
                os.close(descriptor)
                raise
            os.close(descriptor)  # a successor took the new file for an abandoned one, and removed it


def folder(home: Path) -> Path:
    """Return where the files lie."""
    return home / "spool"
