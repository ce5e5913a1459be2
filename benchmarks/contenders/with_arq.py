"""arq on Redis."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, ClassVar

from arq import create_pool
from arq.connections import RedisSettings
from asking import ask, session
from task import Task, compete

TASK = Task.read()
REDIS = RedisSettings.from_dsn(TASK.redis)


async def startup(context: dict[str, Any]) -> None:
    context["client"] = session(TASK)


async def call(context: dict[str, Any], prompt: str) -> str:
    return await ask(context["client"], TASK, prompt)


class WorkerSettings:
    functions: ClassVar = [call]
    on_startup = startup
    redis_settings = REDIS
    max_jobs = TASK.each
    poll_delay = 0.01  # its 0.5 s would be what is measured


async def enqueue(prompts: list[str]) -> None:
    pool = await create_pool(REDIS)
    turns = asyncio.Semaphore(16)

    async def one(prompt: str) -> None:
        async with turns:
            await pool.enqueue_job("call", prompt)

    await asyncio.gather(*map(one, prompts))
    await pool.aclose()


def main() -> None:
    command = (sys.executable, "-m", "arq", "with_arq.WorkerSettings")
    compete(TASK, lambda prompts: asyncio.run(enqueue(prompts)), command)


if __name__ == "__main__":
    main()
