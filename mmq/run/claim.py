"""Holding OUT for one queue while it is being answered, so that no other queue pays for the same answers."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from mmq.formats.write import STDOUT
from models.session import database_url
from worker.errors import InvalidRequest, Problem
from worker.settings import Settings

#: Looks, and seconds between two, at a file of which another run takes hold in just this moment.
TRIES, LOOK_S = 50, 0.01
LONGEST_BYTES = 10_000
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
FOREIGN = "end what holds it, or name another -o"


@contextmanager
def claimed(output: str, settings: Settings) -> Iterator[None]:
    """Hold `output` for the queue of these settings; runs of one queue hold it together, and share their jobs.

    A file beside it, `.OUT.run`, is locked meanwhile, and says whose it is. Killed holders lose it with their lives.
    On a file system without locks nothing is held.

    Raises:
        InvalidRequest: a run of another queue holds it, or something that is no run, or the file cannot be written.
    """
    path = Path(output).resolve()
    if output == STDOUT or (path.exists() and not path.is_file()):
        yield
        return
    lock = path.with_name(f".{path.name}.run")
    mine = {"home": str(settings.home.absolute()), "queue": _queue(settings)}
    descriptor = _held(lock, mine, output)
    try:
        yield
    finally:
        if _alone(descriptor):
            lock.unlink(missing_ok=True)
        os.close(descriptor)


def _queue(settings: Settings) -> str:
    """Return what tells two databases apart. No password goes into it: it could be guessed from what comes out."""
    url = database_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        where = str(Path(url.database or "").resolve())
    else:
        where = url.difference_update_query(("password", "sslpassword")).render_as_string(hide_password=True)
    return sha256(where.encode()).hexdigest()


def _held(lock: Path, mine: dict[str, str], output: str) -> int:
    for _ in range(TRIES):
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as exc:
            raise _unwritten(lock, exc) from exc
        try:
            if _shared(descriptor, lock, mine, output):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        time.sleep(LOOK_S)
    raise InvalidRequest([Problem("OUT", f"{lock} is held, and does not say by whom", FOREIGN)])


def _shared(descriptor: int, lock: Path, mine: dict[str, str], output: str) -> bool:
    """Whether the open file is this queue's now; if not, it is worth another look."""
    if _alone(descriptor):
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(mine).encode(), 0)
        except OSError as exc:
            lock.unlink(missing_ok=True)
            raise _unwritten(lock, exc) from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks here
        return True
    # Between two kinds of a lock there is a moment without any: another may have written itself in, or removed it.
    written = os.pread(descriptor, LONGEST_BYTES, 0)
    if not written or not _is(lock, descriptor):
        return False
    home, queue = _holder(written, lock)
    if queue == mine["queue"]:
        return True
    message = f"a run of the queue in {home!r} is answering into {output}, and this one would pay again"
    raise InvalidRequest([Problem("OUT", message, f"set MMQ_HOME={home}, or wait, or name another -o")])


def _holder(written: bytes, lock: Path) -> tuple[str, str]:
    """Return the home and the queue of whoever holds the file.

    Raises:
        InvalidRequest: no run has written it.
    """
    try:
        said = json.loads(written)
        return said["home"], said["queue"]
    except (ValueError, KeyError, TypeError) as exc:
        raise InvalidRequest([Problem("OUT", f"{lock} is held, and was written by no run", FOREIGN)]) from exc


def _unwritten(lock: Path, exc: OSError) -> InvalidRequest:
    remedy = "make room there, or name another -o" if exc.errno in NO_ROOM else "name another -o"
    return InvalidRequest([Problem("OUT", f"{lock} cannot be written: {exc.strerror}", remedy)])


def _alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # this file system knows no locks
        return True
    return True


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
