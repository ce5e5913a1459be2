"""procrastinate on PostgreSQL; the higher a job's priority, the sooner."""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import procrastinate
from asking import ask, session
from task import Task, compete

TASK = Task.read()
CONNECTIONS = 20
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=TASK.postgresql, max_size=CONNECTIONS))
clients: list[aiohttp.ClientSession] = []


@app.task(name="call")
async def call(prompt: str) -> None:
    if not clients:
        clients.append(session(TASK))
    await ask(clients[0], TASK, prompt)


async def enqueue(prompts: list[str], priority: int = 0) -> None:
    async with app.open_async():
        await call.configure(priority=priority).batch_defer_async(*({"prompt": prompt} for prompt in prompts))


async def fill(prompts: list[str]) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
    for first in range(0, len(prompts), 1000):
        await enqueue(prompts[first : first + 1000])


def work() -> None:
    app.run_worker(concurrency=TASK.each)


def main() -> None:
    command = (sys.executable, "-c", "import with_procrastinate as it; it.work()")
    compete(
        TASK,
        lambda prompts: asyncio.run(fill(prompts)),
        command,
        lambda prompt: asyncio.run(enqueue([prompt], priority=100)),
    )


if __name__ == "__main__":
    main()
