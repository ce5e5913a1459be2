"""Whether Redis can be reached, and is set up so that nothing in it is lost in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import redis

from mmq.doctor.check import Check, fail, ok, warn
from mmq.doctor.clock import compare
from mmq.local.redis import OLDEST, answers, executable
from models.table import utcnow
from worker.configuration.broker import socket_path
from worker.configuration.environment import LOOPBACK
from worker.errors import ConfigurationError
from worker.settings import Settings

TIMEOUT_S = 5.0
REACH = "check MMQ_REDIS_URL, its password, and that it is up"


def look(settings: Settings) -> Iterator[Check]:
    """Look at the Redis that is set, or at the embedded one, or at whether that could be started."""
    if settings.embedded_redis and not answers(socket_path(settings.home)):
        try:
            yield ok("redis", f"none runs; {executable()} is started when it is needed")
        except ConfigurationError as exc:
            yield fail("redis", exc.problems[0].message, exc.problems[0].remedy)
        return
    try:
        with redis.Redis.from_url(
            settings.redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, decode_responses=True
        ) as client:
            info: dict[str, Any] = client.info("all")
            before = utcnow()
            seconds, microseconds = client.time()
            after = utcnow()
    except redis.RedisError as exc:
        yield fail("redis", f"does not answer: {' '.join(str(exc).split())}", REACH)
        return
    yield from judge(info)
    if not settings.embedded_redis:
        yield persistence(info)
        yield guard(settings.redis_url)
        yield compare("Redis", datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds), before, after)


def judge(info: Mapping[str, Any]) -> Iterator[Check]:
    """Judge what INFO says of version, role and eviction."""
    version = str(info.get("valkey_version") or info.get("redis_version") or "0.0")
    name = "Valkey" if "valkey_version" in info else "Redis"
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        yield fail("redis", f"is {name} {version}", "use Redis 6.2 or newer, or Valkey")
    elif info.get("redis_mode") == "cluster":
        yield fail("redis", "is a cluster, which Celery cannot use as a broker", "set MMQ_REDIS_URL to a single Redis")
    elif info.get("role") == "slave":
        yield fail("redis", "is a replica, which cannot be written to", "set MMQ_REDIS_URL to its primary")
    else:
        yield ok("redis", f"is {name} {version} and answers")
    policy = str(info.get("maxmemory_policy", "unknown"))
    if policy == "noeviction":
        yield ok("eviction", "is off")
    else:
        found = f"policy is {policy}: when memory is short, limits and wake-ups vanish in silence"
        yield fail("eviction", found, "set maxmemory-policy noeviction")


def persistence(info: Mapping[str, Any]) -> Check:
    """Judge what INFO says of what survives a restart of Redis."""
    if info.get("aof_enabled"):
        return ok("persistence", "the append-only file is on")
    found = "the append-only file is off: a restart of Redis forgets learned limits, and wake-ups are sent again"
    return warn("persistence", found, "set appendonly yes; no job is lost without it")


def guard(url: str) -> Check:
    """Judge whether a stranger who reaches Redis could use it, by its URL alone."""
    parts = urlsplit(url)
    if parts.scheme == "unix" or parts.hostname in LOOPBACK:
        return ok("redis password", "is not needed: it listens on this machine")
    if parts.password or "password=" in parts.query:
        return ok("redis password", "is set")
    found = f"none is set, and {parts.hostname} is another machine: whoever reaches it can stop the queue"
    return warn("redis password", found, "set requirepass, and MMQ_REDIS_URL=redis://:password@host:6379/0")
