"""A real Redis whose scripts and keys' lifetimes go by the loop's clock, which may jump."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Self

import redis
from redis.exceptions import NoScriptError

TIME, GIVEN = "redis.call('TIME')", "{ KEYS[#KEYS - 1], KEYS[#KEYS] }"
BEGIN_S = 1_700_000_000
LATENCY_S = 0.0005


class AgedRedis:
    """The server: `line` gives a worker its client, `age` lets time pass for the keys."""

    def __init__(self, socket_path: str) -> None:
        self.server = redis.Redis(unix_socket_path=socket_path)
        self.channels: dict[str, asyncio.Queue[bytes]] = {}
        self._scripts: dict[str, str] = {}
        self._messages = self.server.pubsub(ignore_subscribe_messages=True)
        self._messages.psubscribe("mmq:wake:*")

    def line(self) -> Line:
        """Return a client of its own for one worker."""
        return Line(self)

    def learn(self, source: str) -> str:
        """Load a script that takes its time from its last two keys, and return its hash as its caller reckons it."""
        if TIME not in source:
            raise RuntimeError(f"this script asks for no {TIME}")
        sha = hashlib.sha1(source.encode()).hexdigest()
        self._scripts[sha] = self.server.script_load(source.replace(TIME, GIVEN))
        return sha

    def run(self, sha: str, count: int, *rest: Any) -> Any:
        """Run a script at the loop's time, and deliver what it published."""
        if sha not in self._scripts:
            raise NoScriptError("never loaded")
        seconds, part = divmod(asyncio.get_running_loop().time(), 1)
        now = (BEGIN_S + int(seconds), int(part * 1e6))
        reply = self.server.evalsha(self._scripts[sha], count + 2, *rest[:count], *now, *rest[count:])
        while message := self._messages.get_message(timeout=0):
            channel = self.channels.get(message["channel"].decode())
            if channel is not None:
                channel.put_nowait(message["data"])
        return reply

    def age(self, seconds: float) -> None:
        """Take so much off what each key has left to live; those that have less go."""
        for key in self.server.scan_iter():
            left_ms = self.server.pttl(key)
            if left_ms >= 0:
                self.server.pexpire(key, max(0, left_ms - int(seconds * 1000)))

    def close(self) -> None:
        self._messages.close()
        self.server.close()


class Line:
    """What admission asks of a Redis client. After `cut` nothing goes through it, as after a worker's death."""

    def __init__(self, aged: AgedRedis) -> None:
        self._aged, self._dead = aged, False

    def cut(self) -> None:
        self._dead = True

    async def eval(self, source: str, count: int, *rest: Any) -> Any:
        return await self.evalsha(self._aged.learn(source), count, *rest)

    async def evalsha(self, sha: str, count: int, *rest: Any) -> Any:
        await asyncio.sleep(LATENCY_S / 2)
        if self._dead:
            raise redis.ConnectionError("cut")
        reply = self._aged.run(sha, count, *rest)
        await asyncio.sleep(LATENCY_S / 2)
        return reply

    def pubsub(self, **_: Any) -> Subscription:
        return Subscription(self._aged.channels)


class Subscription:
    """Hears one channel for as long as it is open."""

    def __init__(self, channels: dict[str, asyncio.Queue[bytes]]) -> None:
        self._channels, self._name = channels, ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._channels.pop(self._name, None)

    async def subscribe(self, channel: str) -> None:
        self._name, self._queue = channel, self._channels.setdefault(channel, asyncio.Queue())

    async def get_message(self, timeout: float) -> dict[str, bytes] | None:  # noqa: ASYNC109  redis-py's name
        try:
            return {"data": await asyncio.wait_for(self._queue.get(), timeout)}
        except TimeoutError:
            return None
