"""The private Redis that other tests stand on."""

from __future__ import annotations

import pytest
import redis

from support.redis_server import running_redis


def test_a_private_redis_starts_forgets_on_restart_and_ends():
    """It answers at both addresses, comes back empty after stop and start, and is gone after the block."""
    with running_redis() as server:
        with redis.Redis.from_url(server.url) as by_port, redis.Redis.from_url(server.unix_url) as by_socket:
            by_port.set("key", "value")
            assert by_socket.get("key") == b"value"
        server.stop()
        server.start()
        with redis.Redis.from_url(server.url) as client:
            assert client.get("key") is None
    with redis.Redis.from_url(server.url) as client, pytest.raises(redis.ConnectionError):
        client.ping()
