"""The Lua scripts of admission, each run in one round trip."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from redis.asyncio import Redis
from redis.exceptions import NoScriptError


class Script:
    """A file of `worker/admission/lua/`, sent by its hash and in full only where Redis does not know it yet."""

    def __init__(self, name: str) -> None:
        self._source = files("worker.admission").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
        self._sha = hashlib.sha1(self._source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(
        self, redis: Redis, keys: tuple[str, ...], arguments: list[str | int | float]
    ) -> list[int | bytes]:
        """Run it and return its reply.

        Raises:
            redis.RedisError: Redis is away or refused; whether the script ran is not known.
        """
        try:
            reply = await redis.evalsha(self._sha, len(keys), *keys, *arguments)
        except NoScriptError:
            reply = await redis.eval(self._source, len(keys), *keys, *arguments)
        answer: list[int | bytes] = reply
        return answer
