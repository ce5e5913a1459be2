"""The Lua scripts of admission, each run in one round trip."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

#: Functions that the scripts use: Redis runs no script that loads another.
SHARED = ("lessons", "recent", "schedule", "round")


class Script:
    """A file of `worker/admission/lua/` with the shared ones before it.

    It is sent by its hash, and in full only where Redis does not know it yet.
    """

    def __init__(self, name: str) -> None:
        lua = files("worker.admission").joinpath("lua")
        parts = [lua.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in (*SHARED, name)]
        self.source = "".join(parts)
        self._sha = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()

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
            reply = await redis.eval(self.source, len(keys), *keys, *arguments)
        answer: list[int | bytes] = reply
        return answer
