"""Follow one answer as it comes, in a thread that waits for it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from time import monotonic, sleep

from redis import Redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.exceptions import RedisError
from redis.retry import Retry

from mmq.polling import FIRST_POLL_S, LONGEST_POLL_S
from mmq.result import answer_of
from mmq.streaming.hearing import Hearing
from models.table import Row
from worker.streaming.message import ASK_EVERY_S, FOLLOW_CHANNEL, UNHEARD_S, Part, text_channel

#: A Redis that swallows packets keeps a follower no longer from its timeout than a look at the database would.
REPLY_LIMIT_S = LONGEST_POLL_S
RETRY_S = 1.0


class Line:
    """A subscription to one job's text. Without Redis it is silent, and tries again each second."""

    def __init__(self, redis_url: str, job_id: str) -> None:
        self._channel = text_channel(job_id)
        self._redis = Redis.from_url(
            redis_url,
            protocol=2,
            socket_timeout=REPLY_LIMIT_S,
            socket_connect_timeout=REPLY_LIMIT_S,
            retry=Retry(NoBackoff(), 0),  # we try again ourselves
        )
        self._pubsub: PubSub | None = None
        self._ask_at = 0.0

    def hear(self, hearing: Hearing, seconds: float) -> Part | None:
        """Return a part of the text if one comes in so long."""
        end = monotonic() + seconds
        try:
            self._ask(hearing)
            if self._pubsub is not None:
                message = self._pubsub.get_message(timeout=max(0.0, seconds))
                return None if message is None else Part.read(message["data"])
        except (RedisError, OSError):
            self._drop()
        sleep(max(0.0, end - monotonic()))
        return None

    def close(self) -> None:
        """Close the connections."""
        self._drop()
        self._redis.close()

    def _ask(self, hearing: Hearing) -> None:
        if not hearing.gap and monotonic() < self._ask_at:
            return
        self._ask_at = monotonic() + RETRY_S
        if self._pubsub is None:
            pubsub: PubSub = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
            pubsub.subscribe(self._channel)
            self._pubsub = pubsub
        hearing.gap = False
        heard = self._redis.publish(FOLLOW_CHANNEL, hearing.following.json)
        self._ask_at = monotonic() + (ASK_EVERY_S if heard else UNHEARD_S)

    def _drop(self) -> None:
        if self._pubsub is not None:
            self._pubsub.close()
        self._pubsub = None


def follow(
    ended: Callable[[], Row | None], redis_url: str, job_id: str, timeout: float | None
) -> Generator[str, None, None]:
    """Yield a job's text as it comes; `ended` returns its row, as `models.queries.decided` does, once it has ended.

    While text comes, nobody asks the database.
    """
    end = None if timeout is None else monotonic() + timeout
    hearing, pause, look_at = Hearing(job_id), FIRST_POLL_S, 0.0
    with closing(Line(redis_url, job_id)) as line:
        while True:
            now = monotonic()
            if now >= look_at:
                if (row := ended()) is not None:
                    break
                look_at, pause = now + pause, min(pause * 1.5, LONGEST_POLL_S)
            if end is not None and now >= end:
                raise TimeoutError(f"job {job_id} has not ended after {timeout} s")
            part = line.hear(hearing, min(look_at, look_at if end is None else end) - now)
            if part is None:
                continue
            if text := hearing.take(part):
                yield text
                look_at = monotonic() + LONGEST_POLL_S
            if hearing.over:
                look_at, pause = monotonic(), FIRST_POLL_S
    if rest := hearing.rest(answer_of(row)):
        yield rest
