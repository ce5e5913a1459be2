"""The Redis client that admission wants."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

#: Longest wait for one reply. A decision takes under a millisecond; after this Redis counts as away.
REPLY_LIMIT_S = 2.0


def connect(url: str) -> Redis:
    """Return a client for a `redis://`, `rediss://` or `unix://` URL; it connects when it is first used.

    It never repeats a command by itself: a script that ran although its reply was lost must not run twice, since a
    refund would then count double. Admission asks anew with absolute counts instead.
    """
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=REPLY_LIMIT_S,
        socket_connect_timeout=REPLY_LIMIT_S,
        retry=Retry(NoBackoff(), 0),
        client_name="mmq-admission",
    )
