"""Telling at once that a worker of this machine died: the kernel drops its file lock, however it ended.

A lease tells the same to every machine, but only after it ran out. A run that was killed resumes by this without
waiting for that.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


class Hold:
    """A worker's lock on its file under `home/workers`, kept for as long as it takes jobs."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def release(self) -> None:
        """Tell that this worker takes no more jobs; call it when a stop begins. A second call does nothing.

        From now on it counts neither as serving nor as dead; jobs that it still holds are covered by its lease.
        """
        if self._descriptor >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1


def hold(home: Path, worker_id: str) -> Hold:
    """Lock the file of a worker. Do it before the worker is registered in SQL: a row whose file is free is dead."""
    _folder(home)
    path = _file(home, worker_id)
    # Not inheritable, as all descriptors in Python: a child cannot keep a dead worker's lock.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    # Waits only for a `dead` that is looking at this very moment.
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return Hold(path, descriptor)


def probe(home: Path) -> None:
    """Raise the OSError that `hold` would, and leave nothing behind: killed meanwhile, not even its file, unnamed."""
    with tempfile.TemporaryFile(dir=_folder(home)) as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def serving(home: Path, worker_ids: Iterable[str]) -> set[str]:
    """Return those of the workers that live on this machine and take jobs."""
    return {worker_id for worker_id in worker_ids if _locked(_file(home, worker_id)) is True}


def dead(home: Path, worker_ids: Iterable[str]) -> set[str]:
    """Return those of the workers that ended without releasing. Workers of other machines or homes are never dead."""
    return {worker_id for worker_id in worker_ids if _locked(_file(home, worker_id)) is False}


def forget(home: Path, worker_ids: Iterable[str]) -> None:
    """Remove the files of dead workers, once their jobs are given back."""
    for worker_id in worker_ids:
        _file(home, worker_id).unlink(missing_ok=True)


def _folder(home: Path) -> Path:
    folder = home / "workers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _file(home: Path, worker_id: str) -> Path:
    return home / "workers" / f"{worker_id}.lock"


def _locked(path: Path) -> bool | None:
    """Return whether somebody holds the file; None if there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        # Shared, so that two who look at the same time do not take each other for the worker.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
