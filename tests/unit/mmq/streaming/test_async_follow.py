"""Whoever stops following on a loop leaves nothing on it."""

from __future__ import annotations

import asyncio

import pytest

from mmq.streaming.async_follow import _next
from worker.streaming.message import Part


def test_a_follower_that_is_cancelled_leaves_no_task() -> None:
    """A web server does so whenever a browser goes away."""

    async def scene() -> None:
        ended = asyncio.create_task(asyncio.Event().wait())
        following = asyncio.create_task(_next(asyncio.Queue[Part](), ended, None))
        await asyncio.sleep(0)
        assert "part" in {task.get_name() for task in asyncio.all_tasks()}
        following.cancel()
        with pytest.raises(asyncio.CancelledError):
            await following
        ended.cancel()
        assert asyncio.all_tasks() <= {asyncio.current_task(), ended}

    asyncio.run(scene())
