"""The Redis client that admission wants."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError

from worker.outage import is_demotion

#: Longest wait for one reply. A decision takes under a millisecond; after this Redis counts as away.
REPLY_LIMIT_S = 2.0


class Follower(Redis):
    """A client that leaves a server which is no longer the master, so that it finds the next one behind its address.

    A demoted server keeps its connections open and refuses every write: without this they would stay with it for ever.
    """

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and return its reply; see `Redis.execute_command`.

        Raises:
            redis.ConnectionError: the server was demoted. All connections to it are closed, also those in use.
        """
        try:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except ResponseError as exc:
            if not is_demotion(exc):
                raise
            await self.connection_pool.disconnect()
            raise ConnectionLost("this server is a replica now") from exc


def connect(url: str) -> Redis:
    """Return a client for a `redis://`, `rediss://` or `unix://` URL; it connects when it is first used.

    It never repeats a command by itself: a script that ran although its reply was lost must not run twice, since a
    refund would then count double. Admission asks anew with absolute counts instead.
    """
    client: Redis = Follower.from_url(
        url,
        protocol=2,
        socket_timeout=REPLY_LIMIT_S,
        socket_connect_timeout=REPLY_LIMIT_S,
        retry=Retry(NoBackoff(), 0),
        client_name="mmq-admission",
    )
    return client
