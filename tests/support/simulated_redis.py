"""The model of admission behind the few calls that admission makes of a Redis client, on the loop's clock."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from typing import Any, Self

from support.admission_model import BudgetModel


class SimulatedRedis:
    """Runs the admission scripts by the model. Each call takes `latency_s`, half before it and half after."""

    def __init__(self, latency_s: float = 0.0005, seed: int = 0) -> None:
        self.latency_s, self.random = latency_s, random.Random(seed)
        self.calls = self.messages = 0
        self._behind_us = 0
        self._models: dict[str, BudgetModel] = {}
        self._channels: dict[str, asyncio.Queue[str]] = defaultdict(asyncio.Queue)

    async def evalsha(self, sha: str, count: int, *rest: Any) -> list[int | str]:
        keys, argv = rest[:count], list(rest[count:])
        model = self._models.setdefault(keys[0], BudgetModel(now=self._now_us, publish=self._publish))
        self.calls += 1
        await asyncio.sleep(self.latency_s / 2)
        reply = model.admit(argv) if count > 1 else model.refuse(argv)
        await asyncio.sleep(self.latency_s / 2 * (1 + self.random.random()))
        return reply

    def fail_over(self, behind_s: float) -> None:
        """Be another server from now on, empty, and with a clock so far behind."""
        self._models.clear()
        self._behind_us = int(behind_s * 1e6)

    def pubsub(self, **_: Any) -> SimulatedSubscription:
        return SimulatedSubscription(self._channels)

    def _now_us(self) -> int:
        return 1_700_000_000_000_000 - self._behind_us + int(asyncio.get_running_loop().time() * 1e6)

    def _publish(self, channel: str, message: str) -> int:
        self.messages += 1
        self._channels[channel].put_nowait(message)
        return 1


class SimulatedSubscription:
    """Hears one channel."""

    def __init__(self, channels: dict[str, asyncio.Queue[str]]) -> None:
        self._channels = channels

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def subscribe(self, channel: str) -> None:
        self._queue = self._channels[channel]

    async def get_message(self, timeout: float) -> dict[str, str] | None:  # noqa: ASYNC109  redis-py's name
        try:
            return {"data": await asyncio.wait_for(self._queue.get(), timeout)}
        except TimeoutError:
            return None
