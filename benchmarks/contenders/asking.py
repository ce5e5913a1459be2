"""One call by aiohttp, as the tasks of the asyncio queues make it."""

from __future__ import annotations

import aiohttp
from task import Task, body


def session(task: Task) -> aiohttp.ClientSession:
    """Return a session for all calls of a process."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=task.each))


async def ask(client: aiohttp.ClientSession, task: Task, prompt: str) -> str:
    """Return the answer's text."""
    async with client.post(task.endpoint, json=body(prompt), headers={"Authorization": "Bearer key"}) as answered:
        answered.raise_for_status()
        found = await answered.json()
    text: str = found["choices"][0]["message"]["content"]
    return text
