"""Admission against a real Redis, as tests want it: some workers, closed at the end, and conditions to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from support.redis_server import RedisServer
from worker.admission.admission import Admission
from worker.admission.connection import connect
from worker.admission.keys import BudgetKey
from worker.admission.limits import Policy
from worker.admission.reservation import Wait

BUDGET = BudgetKey("account", "MiniMax-M2")
HANGS_S = 20.0  # a test that waits so long has failed
#: Nothing happens by itself: whoever goes on was woken.
ONLY_WOKEN = Policy(patience_s=3600, heartbeat_s=1000, lease_s=3600, deference_s=3600)


@asynccontextmanager
async def workers(server: RedisServer, count: int = 2, policy: Policy | None = None) -> AsyncIterator[list[Admission]]:
    """Yield that many workers, each with a client of its own."""
    clients: list[Redis] = [connect(server.unix_url) for _ in range(count)]
    admissions = [Admission(client, worker=f"worker-{i}", policy=policy) for i, client in enumerate(clients)]
    try:
        async with asyncio.timeout(HANGS_S):
            yield admissions
    finally:  # also of a test that has failed: redis-py may swallow the one cancellation at the loop's end
        for admission, client in zip(admissions, clients, strict=True):
            await admission.close()
            await client.aclose()


class Waits:
    """An `on_wait` that remembers, and can be waited for."""

    def __init__(self) -> None:
        self.heard: list[Wait] = []
        self._news = asyncio.Event()

    def __call__(self, wait: Wait) -> None:
        self.heard.append(wait)
        self._news.set()

    async def until(self, condition: Callable[[Wait], bool]) -> Wait:
        """Return the first wait for which it holds."""
        while not any(map(condition, self.heard)):
            self._news.clear()
            await self._news.wait()
        return next(filter(condition, self.heard))

    async def for_dimension(self, dimension: str) -> Wait:
        return await self.until(lambda wait: wait.dimension == dimension)


async def script_calls(client: Redis) -> int:
    """How often Redis has run a script since its statistics were reset."""
    stats = await client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))
