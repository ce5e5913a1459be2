"""The limit: no queue at all, one process, calls kept in flight by a semaphore. Variants: aiohttp, httpx."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
from asking import ask, session
from task import Task, body, tell


async def main() -> None:
    task = Task.read()
    if task.variant == "aiohttp":
        async with session(task) as client:
            await through(task, lambda prompt: ask(client, task, prompt))
        return
    limits = httpx.Limits(max_connections=task.in_flight, max_keepalive_connections=task.in_flight)
    async with httpx.AsyncClient(limits=limits, timeout=60) as web:

        async def post(prompt: str) -> str:
            answered = await web.post(task.endpoint, json=body(prompt))
            text: str = answered.raise_for_status().json()["choices"][0]["message"]["content"]
            return text

        await through(task, post)


async def through(task: Task, one: Callable[[str], Awaitable[str]]) -> None:
    """Ask everything, so many at a time."""
    turns = asyncio.Semaphore(task.in_flight)

    async def turn(prompt: str) -> str:
        async with turns:
            return await one(prompt)

    answers = await asyncio.gather(*(turn(prompt) for prompt in task.prompts()), return_exceptions=True)
    tell(done=time.time(), lost=sum(isinstance(one, BaseException) for one in answers))


if __name__ == "__main__":
    asyncio.run(main())
