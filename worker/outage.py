"""Waiting for a service of ours that is away: with backoff, and one log line each way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import ReadOnlyError, RedisError, ResponseError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

log = logging.getLogger(__name__)
T = TypeVar("T")

SQLITE_OUTAGES = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")
LIMIT_EXCEEDED = "54"  # PostgreSQL's class of values too large for an index and the like: waiting does not shrink them
DEMOTED = ("READONLY", "UNBLOCKED")  # what Redis answers to a script, and to who waits for a list, of a former master
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0


def is_outage(error: BaseException) -> bool:
    """Return whether an error says that the database or Redis is away, busy or restarting, not that we are wrong."""
    if isinstance(error, DBAPIError):
        name = getattr(error.orig, "sqlite_errorname", None)
        if name is not None:  # SQLite calls a missing table an OperationalError, too
            return str(name).startswith(SQLITE_OUTAGES)
        if str(getattr(error.orig, "sqlstate", None)).startswith(LIMIT_EXCEEDED):
            return False
        return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    return isinstance(error, RedisError | BrokerError | ConnectionError)


def is_demotion(error: BaseException) -> bool:
    """Return whether a Redis that was the master says that it is a replica now: it must be left for its successor."""
    words = str(error)
    return isinstance(error, ReadOnlyError) or (
        isinstance(error, ResponseError) and any(word in words for word in DEMOTED)
    )


def outlast(service: str, action: Callable[[bool], T], *, closing: threading.Event | None = None) -> T:
    """Run an action until the service is there; blocks its thread meanwhile.

    `action` is told whether it runs again: its first run may have taken effect and only its answer been lost. Once
    `closing` is set, the outage itself is raised instead of being waited for.
    """
    wait, since = FIRST_WAIT_S, None
    while True:
        try:
            result = action(since is not None)
        except Exception as exc:
            if not is_outage(exc):
                raise
            if since is None:
                since = time.monotonic()
                log.warning("%s is away, waiting: %s", service, brief(exc))
            if closing is None:
                time.sleep(wait)
            elif closing.wait(wait):
                raise
            wait = min(wait * 2, LONGEST_WAIT_S)
        else:
            if since is not None:
                log.warning("%s is back after %.1f s", service, time.monotonic() - since)
            return result


def brief(error: BaseException) -> str:
    """Return an error's class and the first line of its message: no SQL, no parameters, so no prompts."""
    origin = getattr(error, "orig", None) or error
    lines = str(origin).strip().splitlines()
    return f"{type(origin).__name__}: {lines[0][:200]}" if lines else type(origin).__name__
