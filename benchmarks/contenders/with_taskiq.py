"""taskiq on Redis streams, which acknowledge."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
from asking import ask, session
from task import Task, compete
from taskiq import TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

TASK = Task.read()
# From the stream's beginning: by default a worker that comes after its messages never sees them.
broker = RedisStreamBroker(TASK.redis, consumer_id="0")
clients: list[aiohttp.ClientSession] = []


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def startup(_state: TaskiqState) -> None:
    clients.append(session(TASK))


@broker.task(task_name="call")
async def call(prompt: str) -> None:
    await ask(clients[0], TASK, prompt)


async def enqueue(prompts: list[str]) -> None:
    await broker.startup()
    turns = asyncio.Semaphore(16)

    async def one(prompt: str) -> Any:
        async with turns:
            return await call.kiq(prompt)

    await asyncio.gather(*map(one, prompts))
    await broker.shutdown()


def main() -> None:
    options = ("--workers", "1", "--max-async-tasks", str(TASK.each), "--log-level", "WARNING")
    command = (sys.executable, "-m", "taskiq", "worker", "with_taskiq:broker", *options)
    compete(TASK, lambda prompts: asyncio.run(enqueue(prompts)), command)


if __name__ == "__main__":
    main()
