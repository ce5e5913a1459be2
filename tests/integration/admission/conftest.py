"""One Redis for the module, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from support.redis_server import RedisServer, running_redis


@pytest.fixture(scope="module")
def private_redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def server(private_redis: RedisServer) -> RedisServer:
    with redis.Redis.from_url(private_redis.unix_url) as client:
        client.flushall()
        client.config_resetstat()
    return private_redis
