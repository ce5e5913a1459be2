"""Tell the text of answers while they come, to those who follow them; of answers that nobody follows, nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from time import monotonic

from redis.asyncio import Redis

from worker.admission.outage import UNAVAILABLE
from worker.streaming.message import FOLLOW_CHANNEL, FOLLOWED_S, Following, Part, text_channel

LISTEN_S = 30.0
RETRY_S = 1.0  # Redis is away; admission says so
#: Followers of jobs that others run, or that nobody has begun: remembered, for the first words to be in time.
MOST_FOLLOWED = 10_000


class Call:
    """A call whose answer comes as a stream, and how far its text was told."""

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.told = 0
        self.over = False
        self._text = StringIO(newline="")

    def add(self, text: str) -> None:
        """Keep a piece."""
        self._text.write(text)

    def part(self) -> Part:
        """Return what was not told yet, as told from now on."""
        at = self.told
        self._text.seek(at)
        text = self._text.read()
        self.told = at + len(text)
        return Part(self.attempt, at, text, self.over)


class Broadcast:
    """The streams of one worker. `listen` and `tell` run as tasks of its loop; without Redis they wait for it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._calls: dict[str, Call] = {}
        self._followed: dict[str, float] = {}  # until when, the oldest first
        self._untold: dict[Call, str] = {}  # two calls of one job may be under way, where a worker was frozen
        self._news = asyncio.Event()

    @contextmanager
    def call(self, job_id: str, attempt: int) -> Iterator[Callable[[str], None]]:
        """Yield what takes the pieces of an attempt's text, in their order, for the time of the call."""
        call = self._calls[job_id] = Call(attempt)

        def take(text: str) -> None:
            call.add(text)
            self._touch(job_id, call)

        try:
            yield take
        finally:
            call.over = True
            if self._calls.get(job_id) is call:  # not where a worker that was frozen has begun the job anew meanwhile
                del self._calls[job_id]
            self._touch(job_id, call)

    async def listen(self) -> None:
        """Take note of followers, until cancelled."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.subscribe(FOLLOW_CHANNEL)
                    while True:
                        message = await pubsub.get_message(timeout=LISTEN_S)
                        if message is not None and (following := Following.read(message["data"])):
                            self.follow(following)
            except UNAVAILABLE:
                await asyncio.sleep(RETRY_S)

    async def tell(self) -> None:
        """Publish what is followed and was not told, until cancelled. What could not be told is asked for again."""
        while True:
            await self._news.wait()
            self._news.clear()
            untold, self._untold = self._untold, {}
            async with self._redis.pipeline(transaction=False) as pipe:
                for call, job_id in untold.items():
                    pipe.publish(text_channel(job_id), call.part().json)
                try:
                    await pipe.execute()
                except UNAVAILABLE:
                    await asyncio.sleep(RETRY_S)

    def follow(self, following: Following) -> None:
        """Tell a job's text for some seconds, and at once what the follower lacks of it."""
        job_id, now = following.job_id, monotonic()
        self._followed.pop(job_id, None)
        self._followed[job_id] = now + FOLLOWED_S
        while len(self._followed) > MOST_FOLLOWED or next(iter(self._followed.values())) < now:
            del self._followed[next(iter(self._followed))]
        if call := self._calls.get(job_id):
            call.told = min(call.told, following.at if following.attempt == call.attempt else 0)
            self._touch(job_id, call)

    def _touch(self, job_id: str, call: Call) -> None:
        if self._followed.get(job_id, 0.0) > monotonic():
            self._untold[call] = job_id
            self._news.set()
