"""What INFO and a URL say of a Redis."""

from __future__ import annotations

import pytest

from mmq.doctor.check import Level
from mmq.doctor.redis import guard, judge, persistence

GOOD = {"redis_version": "7.2.4", "redis_mode": "standalone", "role": "master", "maxmemory_policy": "noeviction"}


def levels(**info: object) -> dict[str, tuple[Level, str]]:
    """The findings about a good Redis with these differences."""
    return {check.name: (check.level, check.found) for check in judge({**GOOD, **info})}


def test_a_redis_as_it_should_be_is_ok():
    """Nothing to mend."""
    assert {level for level, _ in levels().values()} == {Level.OK}


@pytest.mark.parametrize(
    ("info", "name", "said"),
    [
        ({"redis_version": "6.0.16"}, "redis", "Redis 6.0.16"),
        ({"redis_version": "5.0"}, "redis", "Redis 5.0"),
        ({"redis_mode": "cluster"}, "redis", "cluster"),
        ({"role": "slave"}, "redis", "replica"),
        ({"maxmemory_policy": "allkeys-lru"}, "eviction", "allkeys-lru"),
    ],
)
def test_what_would_lose_or_refuse_data_fails(info, name, said):
    """Each with the words to search for."""
    level, found = levels(**info)[name]
    assert (level, said in found) == (Level.FAIL, True)


@pytest.mark.parametrize("version", ["6.2.0", "6.10.1", "10.0.0"])
def test_versions_are_compared_as_numbers(version):
    """6.10 is newer than 6.2."""
    assert levels(redis_version=version)["redis"][0] is Level.OK


def test_valkey_goes_by_its_own_version():
    """It reports an old Redis version beside its own."""
    level, found = levels(redis_version="6.0.0", valkey_version="8.1.1")["redis"]
    assert (level, "Valkey 8.1.1" in found) == (Level.OK, True)


@pytest.mark.parametrize(("aof", "level"), [(1, Level.OK), (0, Level.WARN)])
def test_persistence_is_wished_for_but_not_needed(aof, level):
    """The jobs are in SQL."""
    assert persistence({"aof_enabled": aof}).level is level


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("redis://cache:6379/0", Level.WARN),
        ("redis://10.0.0.5:6379/0", Level.WARN),
        ("redis://:word@cache:6379/0", Level.OK),
        ("rediss://mmq:word@cache:6379/0", Level.OK),
        ("redis://cache:6379/0?password=word", Level.OK),
        ("redis://localhost:6379/0", Level.OK),
        ("redis://[::1]:6379/0", Level.OK),
        ("unix:///run/redis.sock", Level.OK),
    ],
)
def test_a_redis_on_another_machine_wants_a_password(url, level):
    """The password is not part of what is found."""
    check = guard(url)
    assert check.level is level
    assert "word@" not in check.found
