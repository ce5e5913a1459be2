"""Put an end to a task that talks to Redis."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_S = 0.1


async def cancel(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task and return once it has ended; its outcome is dropped. None is no task.

    It is cancelled again until it has: redis-py 8.1 swallows a cancellation that arrives as it begins to read a reply,
    and the task then goes on as if nothing had been.
    """
    while task is not None and not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN_S)
    if task is not None and not task.cancelled():
        task.exception()  # or asyncio would report that nobody asked for it
