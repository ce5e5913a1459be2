"""SAQ on Redis with hiredis, or on PostgreSQL, where it knows priorities. Variants: redis, postgresql."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from asking import ask, session
from saq import Queue
from task import Task, compete

TASK = Task.read()
URGENT, USUAL = 0, 100  # the less, the sooner
queue = Queue.from_url(TASK.redis if TASK.variant == "redis" else TASK.postgresql)


async def startup(context: dict[str, Any]) -> None:
    context["client"] = session(TASK)


async def call(context: dict[str, Any], *, prompt: str) -> str:
    return await ask(context["client"], TASK, prompt)


settings = {"queue": queue, "functions": [call], "concurrency": TASK.each, "startup": startup}


async def enqueue(prompts: list[str], **options: Any) -> None:
    await queue.connect()
    turns = asyncio.Semaphore(16)

    async def one(prompt: str) -> None:
        async with turns:
            # Its own time limit of 10 s counts from the start of a job; retries are off as elsewhere.
            await queue.enqueue("call", prompt=prompt, timeout=60, **options)

    await asyncio.gather(*map(one, prompts))


def main() -> None:
    loop = asyncio.new_event_loop()
    usual = {} if TASK.variant == "redis" else {"priority": USUAL}
    urgent = {} if TASK.variant == "redis" else {"priority": URGENT}
    compete(
        TASK,
        lambda prompts: loop.run_until_complete(enqueue(prompts, **usual)),
        (sys.executable, "-m", "saq", "with_saq.settings", "--quiet"),
        lambda prompt: loop.run_until_complete(enqueue([prompt], **urgent)),
    )


if __name__ == "__main__":
    main()
