"""A Redis and its replica behind one address, and the ways in which the one takes over from the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from support.moving_address import MovingAddress, moving_address
from support.redis_server import RedisServer, running_redis
from support.waiting import eventually


class RedisPair:
    """`url` is the address that follows the master."""

    def __init__(self, master: RedisServer, replica: RedisServer, address: MovingAddress) -> None:
        self.master, self.replica, self._address = master, replica, address
        self.url = f"redis://127.0.0.1:{address.port}/0"
        self.follow()

    def follow(self) -> None:
        """Let the replica copy the master, and return when it is level with it."""
        command(self.replica, "REPLICAOF", "127.0.0.1", str(self.master.port))
        eventually(lambda: info(self.replica).get("master_link_status") == "up")

    def lag(self) -> None:
        """Let the replica hear nothing of the master from now on."""
        command(self.replica, "REPLICAOF", "NO", "ONE")

    def crash(self) -> None:
        """Kill the master; the replica takes its place."""
        self.master.stop()
        self._promote()

    def switch(self) -> None:
        """Let them change places, as for maintenance: the former master goes on, refuses writing, and drops nobody."""
        self._promote()
        self.follow()

    def _promote(self) -> None:
        self.master, self.replica = self.replica, self.master
        command(self.master, "REPLICAOF", "NO", "ONE")
        self._address.move(self.master.port)


def command(server: RedisServer, *words: str) -> object:
    """Send one command and return its reply."""
    with redis.Redis.from_url(server.unix_url) as client:
        return client.execute_command(*words)


def info(server: RedisServer) -> dict[str, object]:
    """What a server says of replication."""
    with redis.Redis.from_url(server.unix_url) as client:
        return dict(client.info("replication"))


@contextmanager
def redis_pair() -> Iterator[RedisPair]:
    """A running pair."""
    with running_redis() as master, running_redis() as replica, moving_address(master.port) as address:
        yield RedisPair(master, replica, address)
