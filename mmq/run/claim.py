"""Holding OUT for one queue while it is being answered, so that no other queue pays for the same answers."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from mmq.formats.write import STDOUT
from models.session import database_url
from worker.errors import InvalidRequest, Problem
from worker.settings import Settings


@contextmanager
def claimed(output: str, settings: Settings) -> Iterator[None]:
    """Hold `output` for the queue of these settings; runs of one queue hold it together, and share their jobs.

    A file beside it, `.OUT.run`, is locked meanwhile, and says whose it is. Killed holders lose it with their lives.
    On a file system without locks nothing is held.

    Raises:
        InvalidRequest: a run of another queue holds it, or the file cannot be made.
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
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as exc:
            problem = Problem("OUT", f"{lock} cannot be written: {exc.strerror}", "name another -o")
            raise InvalidRequest([problem]) from exc
        if _alone(descriptor):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(mine).encode(), 0)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        except OSError:
            return descriptor
        # Between two kinds of a lock there is a moment without any: another may have written itself in, or removed it.
        written = os.pread(descriptor, 10_000, 0)
        if not written or not _is(lock, descriptor):
            os.close(descriptor)
            continue
        holder = json.loads(written)
        if holder["queue"] == mine["queue"]:
            return descriptor
        os.close(descriptor)
        message = f"a run of the queue in {holder['home']!r} is answering into {output}, and this one would pay again"
        raise InvalidRequest([Problem("OUT", message, f"set MMQ_HOME={holder['home']}, or wait, or name another -o")])


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
