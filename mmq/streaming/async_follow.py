"""Follow one answer as it comes, on an asyncio loop: the twin of `mmq.streaming.follow`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from time import monotonic

from redis.asyncio import Redis
from redis.exceptions import RedisError

from mmq.lookout import Lookout
from mmq.result import answer_of
from mmq.streaming.follow import REPLY_LIMIT_S, RETRY_S
from mmq.streaming.hearing import Hearing
from worker.admission.cancel import cancel
from worker.streaming.message import ASK_EVERY_S, FOLLOW_CHANNEL, UNHEARD_S, Part, text_channel


async def follow(
    lookout: Lookout,
    redis_url: str,
    job_id: str,
    timeout: float | None,  # noqa: ASYNC109  as `Job.stream` has it
) -> AsyncGenerator[str]:
    """Yield a job's text as it comes, until it has ended."""
    end = None if timeout is None else monotonic() + timeout
    hearing, parts = Hearing(job_id), asyncio.Queue[Part]()
    hear = asyncio.create_task(_hear(redis_url, hearing, parts, job_id), name="hear")
    ended = asyncio.create_task(lookout.ended(job_id), name="look")
    try:
        while not ended.done():
            part = await _next(parts, ended, end)
            if part is None:
                if end is not None and monotonic() >= end and not ended.done():
                    raise TimeoutError(f"job {job_id} has not ended after {timeout} s")
                continue
            if text := hearing.take(part):
                yield text
            if part.over:  # whoever comes anew is looked for soon
                await cancel(ended)
                ended = asyncio.create_task(lookout.ended(job_id), name="look")
        if rest := hearing.rest(answer_of(await ended)):
            yield rest
    finally:
        await cancel(ended)
        await cancel(hear)


async def _next(parts: asyncio.Queue[Part], ended: asyncio.Task[object], end: float | None) -> Part | None:
    """Return the next part; None if the job ended before, or the time was up."""
    coming = asyncio.create_task(parts.get(), name="part")
    left = None if end is None else max(0.0, end - monotonic())
    try:
        await asyncio.wait([coming, ended], timeout=left, return_when=asyncio.FIRST_COMPLETED)
        return coming.result() if coming.done() else None
    finally:  # also where whoever follows is cancelled: nobody else knows of this task
        await cancel(coming)


async def _hear(redis_url: str, hearing: Hearing, parts: asyncio.Queue[Part], job_id: str) -> None:
    """Put the parts that come into the queue, until cancelled. Without Redis it waits for it."""
    redis = Redis.from_url(redis_url, protocol=2, socket_timeout=REPLY_LIMIT_S, socket_connect_timeout=REPLY_LIMIT_S)
    try:
        while True:
            with suppress(RedisError, OSError):
                async with redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.subscribe(text_channel(job_id))
                    ask_at = 0.0
                    while True:
                        if hearing.gap or monotonic() >= ask_at:
                            hearing.gap = False
                            heard = await redis.publish(FOLLOW_CHANNEL, hearing.following.json)
                            ask_at = monotonic() + (ASK_EVERY_S if heard else UNHEARD_S)
                        message = await pubsub.get_message(timeout=max(0.0, ask_at - monotonic()))
                        if message is not None and (part := Part.read(message["data"])):
                            parts.put_nowait(part)
            await asyncio.sleep(RETRY_S)
    finally:
        await redis.aclose()
