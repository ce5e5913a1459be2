"""pgqueuer on PostgreSQL by asyncpg and uvloop; the higher a job's priority, the sooner."""

from __future__ import annotations

import asyncio
import sys

import asyncpg
import uvloop
from asking import ask, session
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from task import Task, compete

TASK = Task.read()


async def work() -> None:
    pool = await asyncpg.create_pool(TASK.postgresql, min_size=2, max_size=20)
    queue = PgQueuer(AsyncpgPoolDriver(pool))
    client = session(TASK)

    @queue.entrypoint("call")
    async def call(job: Job) -> None:
        await ask(client, TASK, (job.payload or b"").decode())

    # A batch of half the cap is the largest that it allows.
    await queue.run(batch_size=max(1, TASK.each // 2), max_concurrent_tasks=TASK.each)


async def enqueue(prompts: list[str], *, priority: int = 0, install: bool = False) -> None:
    connection = await asyncpg.connect(TASK.postgresql)
    queries = Queries(AsyncpgDriver(connection))
    if install:
        await queries.install()
    for first in range(0, len(prompts), 1000):
        part = prompts[first : first + 1000]
        await queries.enqueue(["call"] * len(part), [prompt.encode() for prompt in part], [priority] * len(part))
    await connection.close()


def main() -> None:
    command = (sys.executable, "-c", "import uvloop, with_pgqueuer as it; uvloop.run(it.work())")
    compete(
        TASK,
        lambda prompts: uvloop.run(enqueue(prompts, install=True)),
        command,
        lambda prompt: asyncio.run(enqueue([prompt], priority=100)),
    )


if __name__ == "__main__":
    main()
