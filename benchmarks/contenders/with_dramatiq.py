"""dramatiq on Redis: async actors on its event loop thread, as many threads as calls; the urgent have their actor."""

from __future__ import annotations

import sys

import aiohttp
import dramatiq
from asking import ask, session
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO
from task import Task, compete

TASK = Task.read()
broker = RedisBroker(url=TASK.redis)
broker.add_middleware(AsyncIO())
dramatiq.set_broker(broker)
clients: list[aiohttp.ClientSession] = []


async def asked(prompt: str) -> None:
    if not clients:
        clients.append(session(TASK))
    await ask(clients[0], TASK, prompt)


@dramatiq.actor(priority=10, max_retries=0)
async def usual(prompt: str) -> None:
    await asked(prompt)


# A queue of its own beside its priority, which orders only what the worker has fetched from all queues.
@dramatiq.actor(priority=0, max_retries=0, queue_name="urgent")
async def urgent(prompt: str) -> None:
    await asked(prompt)


def enqueue(prompts: list[str]) -> None:
    for prompt in prompts:
        usual.send(prompt)


def main() -> None:
    command = (sys.executable, "-m", "dramatiq", "with_dramatiq", "-p", "1", "-t", str(TASK.each), "--skip-logging")
    compete(TASK, enqueue, command, urgent.send)


if __name__ == "__main__":
    main()
