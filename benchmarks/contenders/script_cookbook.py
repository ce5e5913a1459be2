"""What OpenAI's cookbook gives for parallel requests, written anew after its description and behaviour.

One loop looks each millisecond: it refills a bucket of requests, sends the next request if there is room, and pauses
for 15 s after an error that names itself a rate limit, which only an error whose code is "429" does. Each request has
five tries, and those refused wait in a queue that is emptied first. Calls at once are not bounded.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

import aiohttp
from task import Task, body, tell

TRIES, PAUSE_S, LOOK_S = 5, 15.0, 0.001


class Progress:
    """What is to be done, and what became of it."""

    def __init__(self, prompts: list[str]) -> None:
        self.waiting = deque((prompt, TRIES) for prompt in prompts)
        self.again: deque[tuple[str, int]] = deque()
        self.running = self.lost = 0
        self.refused_at = 0.0


async def call(client: aiohttp.ClientSession, task: Task, progress: Progress, prompt: str, left: int) -> None:
    """Make one call, and put it back into the queue if it fails with tries left."""
    try:
        async with client.post(task.endpoint, json=body(prompt), headers={"Authorization": "Bearer key"}) as answered:
            found = await answered.json()
    except aiohttp.ClientError:
        found = {"error": {}}
    if "error" in found:
        if str(found["error"].get("code")) == "429":
            progress.refused_at = time.time()
        if left > 1:
            progress.again.append((prompt, left - 1))
        else:
            progress.lost += 1
    progress.running -= 1


async def main() -> None:
    task = Task.read()
    assert task.rps is not None
    progress, capacity, updated = Progress(task.prompts()), float(task.rps * 60), time.time()
    per_s = capacity / 60
    calls: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession() as client:
        tell(begun=time.time())
        while progress.waiting or progress.again or progress.running:
            now = time.time()
            capacity, updated = min(capacity + per_s * (now - updated), per_s * 60), now
            queue = progress.again or progress.waiting
            if queue and capacity >= 1:
                capacity -= 1
                progress.running += 1
                one = asyncio.create_task(call(client, task, progress, *queue.popleft()))
                calls.add(one)
                one.add_done_callback(calls.discard)
            await asyncio.sleep(LOOK_S)
            if now - progress.refused_at < PAUSE_S:
                await asyncio.sleep(PAUSE_S - (now - progress.refused_at))
        tell(done=time.time(), lost=progress.lost)


if __name__ == "__main__":
    asyncio.run(main())
