"""The script that people write: a semaphore for the calls at once, exponential backoff with jitter where refused."""

from __future__ import annotations

import asyncio
import random
import time

import aiohttp
from asking import ask, session
from task import Task, tell

TRIES, LONGEST_S = 6, 60.0


async def main() -> None:
    task = Task.read()
    turns = asyncio.Semaphore(task.concurrency or 10)
    async with session(task) as client:

        async def one(prompt: str) -> str:
            for attempt in range(TRIES):
                try:
                    async with turns:
                        return await ask(client, task, prompt)
                except aiohttp.ClientResponseError:
                    if attempt == TRIES - 1:
                        raise
                    await asyncio.sleep(min(2**attempt, LONGEST_S) * random.uniform(0.5, 1.5))
            raise AssertionError

        tell(begun=time.time())
        answers = await asyncio.gather(*map(one, task.prompts()), return_exceptions=True)
        tell(done=time.time(), lost=sum(isinstance(answer, BaseException) for answer in answers))


if __name__ == "__main__":
    asyncio.run(main())
