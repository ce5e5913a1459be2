"""What is told of streams: from where a follower stands, and nothing that nobody follows."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import cast

import pytest
from redis.asyncio import Redis

from worker.streaming import broadcast
from worker.streaming.broadcast import Broadcast, Call
from worker.streaming.message import Following, Part


def untold(told: Broadcast) -> dict[str, Call]:
    """Return the calls with something to tell."""
    return {job_id: call for call, job_id in told._untold.items()}


def test_a_call_tells_what_it_has_not_told() -> None:
    """Each part follows on the one before; carriage returns count as what they are."""
    call = Call(2)
    call.add("a\r\n")
    assert call.part() == Part(2, 0, "a\r\n")
    call.add("b")
    call.add("c")
    assert call.part() == Part(2, 3, "bc")
    call.told = 1
    assert call.part() == Part(2, 1, "\r\nbc")


def test_nothing_is_told_of_what_nobody_follows() -> None:
    """A bulk job may stream for its own reasons."""

    async def scene() -> None:
        told = Broadcast(cast("Redis", None))
        with told.call("j", 1) as take:
            take("Hello")
        assert untold(told) == {}

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("following", "part"),
    [
        (Following("j"), Part(1, 0, "Hello")),
        (Following("j", 1, 2), Part(1, 2, "llo")),
        (Following("j", 1, 99), Part(1, 5, "")),
        (Following("j", 7, 3), Part(1, 0, "Hello")),
    ],
    ids=["new", "from where it stands", "beyond the end", "of another attempt"],
)
def test_a_follower_is_told_from_where_it_stands(following: Following, part: Part) -> None:
    """It asks again when it has missed something, and what was told to others does not count."""

    async def scene() -> None:
        told = Broadcast(cast("Redis", None))
        with told.call("j", 1) as take:
            take("Hello")
            told.follow(Following("j"))
            untold(told)["j"].part()
            told.follow(following)
            assert untold(told)["j"].part() == part

    asyncio.run(scene())


def test_the_end_of_a_followed_call_is_told() -> None:
    """Whoever follows then looks for the answer at once."""

    async def scene() -> None:
        told = Broadcast(cast("Redis", None))
        told.follow(Following("j"))
        with told.call("j", 1) as take:
            take("Hello")
        assert untold(told)["j"].part() == Part(1, 0, "Hello", over=True)

    asyncio.run(scene())


def test_a_late_end_leaves_the_call_that_came_after_it() -> None:
    """A worker that was frozen may get a job again while its first call of it still brings an answer."""

    async def scene() -> None:
        told = Broadcast(cast("Redis", None))
        late = ExitStack()
        late.enter_context(told.call("j", 1))
        with told.call("j", 2) as take:
            late.close()
            take("Hello")
            told.follow(Following("j"))
            assert untold(told)["j"].part() == Part(2, 0, "Hello")

    asyncio.run(scene())


def test_followers_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are forgotten, when there are too many and when they have not asked for long."""
    monkeypatch.setattr(broadcast, "MOST_FOLLOWED", 2)
    now = 100.0
    monkeypatch.setattr(broadcast, "monotonic", lambda: now)

    async def scene() -> None:
        nonlocal now
        told = Broadcast(cast("Redis", None))
        for job in "abc":
            told.follow(Following(job))
        assert list(told._followed) == ["b", "c"]
        now += 60
        told.follow(Following("d"))
        assert list(told._followed) == ["d"]

    asyncio.run(scene())
