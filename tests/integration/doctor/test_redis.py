"""Redis as a doctor finds it: real servers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import redis as client_library

from mmq.doctor import redis
from mmq.doctor.check import Level
from mmq.local.redis import EmbeddedRedis
from support.redis_server import running_redis
from worker import settings


@pytest.fixture
def home():
    """A home with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="mmq-", dir="/tmp") as folder:
        yield Path(folder)


def findings(home: Path, **environ: str) -> dict[str, tuple[Level, str]]:
    """The findings by name."""
    loaded = settings.load({"MMQ_HOME": str(home), **environ})
    return {check.name: (check.level, check.found) for check in redis.look(loaded)}


def test_an_embedded_redis_that_does_not_run_is_looked_for_and_not_started(home):
    """The next run starts it."""
    level, said = findings(home)["redis"]
    assert (level, "started when it is needed" in said) == (Level.OK, True)
    assert list(home.iterdir()) == []


def test_a_running_embedded_redis_is_as_it_should_be(home):
    """What we start passes our own look."""
    server = EmbeddedRedis(home)
    server.ensure()
    try:
        found = findings(home)
    finally:
        server.stop()
    assert {level for level, _ in found.values()} == {Level.OK}
    assert set(found) == {"redis", "eviction"}


def test_a_redis_of_ones_own_is_looked_at_in_full(home):
    """Version, eviction, persistence, password and clock; without an append-only file it warns."""
    with running_redis() as server:
        found = findings(home, MMQ_REDIS_URL=server.url)
        assert found["redis"][0] is found["eviction"][0] is found["redis password"][0] is Level.OK
        assert found["clock of Redis"] == (Level.OK, "agrees with ours")
        assert found["persistence"][0] is Level.WARN
        with client_library.Redis.from_url(server.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
        assert findings(home, MMQ_REDIS_URL=server.url)["eviction"][0] is Level.FAIL


def test_a_wrong_password_fails_without_being_shown(home):
    """Redis's own words say what is wrong."""
    with running_redis() as server:
        with client_library.Redis.from_url(server.url) as client:
            client.config_set("requirepass", "right-word")
        for url in (server.url, server.url.replace("redis://", "redis://:secret-word@")):
            level, said = findings(home, MMQ_REDIS_URL=url)["redis"]
            assert level is Level.FAIL
            assert "secret-word" not in said


def test_a_redis_that_is_away_fails(home):
    """Nothing listens on that port."""
    level, said = findings(home, MMQ_REDIS_URL="redis://:secret-word@127.0.0.1:1/0")["redis"]
    assert (level, "refused" in said) == (Level.FAIL, True)
    assert "secret-word" not in said
