"""Looking whether a Redis that is not ours to start is there."""

from __future__ import annotations

import redis

from worker.errors import Unavailable

LIMIT_S = 3.0


def require_redis(url: str) -> None:
    """Return if it answers.

    Raises:
        Unavailable: it does not, or refuses the password, which is not repeated.
    """
    try:
        with redis.Redis.from_url(url, socket_timeout=LIMIT_S, socket_connect_timeout=LIMIT_S) as client:
            client.ping()
    except redis.RedisError as exc:
        said = " ".join(str(exc).split()).rstrip(".")
        raise Unavailable(f"Redis does not answer: {said}; check MMQ_REDIS_URL, and that it is up") from exc
