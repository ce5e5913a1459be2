"""Hints: in what order they are taken, and whom a full worker lets wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from models.lane import Lane
from support.waiting import eventually
from worker.running.hints import MOST, Hints

ROOM = dict.fromkeys(Lane, 100)


def with_hints(test: Callable[[Hints], Awaitable[None]]) -> None:
    """Run a test with hints on a loop."""

    async def run() -> None:
        await test(Hints(asyncio.get_running_loop()))

    asyncio.run(run())


def test_urgent_lanes_are_taken_first() -> None:
    """Whatever came first, interactive goes before default before bulk, and each lane keeps its order."""

    async def test(hints: Hints) -> None:
        for lane in ("bulk", "default", "interactive"):
            hints.put(lane, [f"{lane}-1", f"{lane}-2"])
        assert hints.take(ROOM) == [f"{lane}-{n}" for lane in ("interactive", "default", "bulk") for n in (1, 2)]
        assert hints.take(ROOM) == []

    with_hints(test)


def test_interactive_jobs_have_room_of_their_own() -> None:
    """With no call free, up to the reserve of interactive jobs are taken, and nothing else."""

    async def test(hints: Hints) -> None:
        hints.put("bulk", ["b"])
        hints.put("interactive", ["i-1", "i-2", "i-3"])
        assert hints.take(dict.fromkeys(Lane, 0) | {Lane.INTERACTIVE: 2}) == ["i-1", "i-2"]
        assert hints.take(dict.fromkeys(Lane, 0)) == []
        assert hints.take(ROOM) == ["i-3", "b"]

    with_hints(test)


def test_a_hint_that_waits_is_not_noted_twice() -> None:
    """A job announced again before it was taken is taken once; afterwards it may come again."""

    async def test(hints: Hints) -> None:
        hints.put("bulk", ["a", "b"])
        hints.put("bulk", ["b", "c"])
        assert hints.take(ROOM) == ["a", "b", "c"]
        hints.put("bulk", ["a"])
        assert hints.take(ROOM) == ["a"]

    with_hints(test)


def test_an_unknown_lane_leaves_no_trace() -> None:
    """A refused announcement must not make the same jobs look known when they come by a lane that exists."""

    async def test(hints: Hints) -> None:
        with pytest.raises(ValueError):
            hints.put("express", ["a"])
        hints.put("bulk", ["a"])
        assert hints.take(ROOM) == ["a"]

    with_hints(test)


def full(hints: Hints) -> None:
    """Let a worker be full of hints."""
    hints.put("bulk", [f"job-{number}" for number in range(MOST)])


def put_aside(hints: Hints, lane: str, job_id: str) -> threading.Thread:
    """Put a hint from a thread as Celery does."""
    thread = threading.Thread(target=hints.put, args=(lane, [job_id]))
    thread.start()
    return thread


def blocked(hints: Hints) -> bool:
    """Whether a thread waits for room: nothing else ever waits on this condition."""
    return bool(hints._room._waiters)


def test_a_full_worker_lets_bulk_wait_but_not_interactive() -> None:
    """A thread with bulk jobs waits until some were taken; one with an interactive job never does."""

    async def test(hints: Hints) -> None:
        full(hints)
        waiting = put_aside(hints, "bulk", "late")
        await asyncio.to_thread(eventually, lambda: blocked(hints))
        hints.put("interactive", ["now"])
        assert hints.take(dict.fromkeys(Lane, 2))[0] == "now"
        await asyncio.to_thread(waiting.join)
        assert hints.take(dict.fromkeys(Lane, 2 * MOST))[-1] == "late"

    with_hints(test)


def test_enough_is_counted_without_interactive_jobs() -> None:
    """A worker with as many hints as it wants of the other lanes is full, and one that is stopping is, too."""

    async def test(hints: Hints) -> None:
        hints.enough = 2
        hints.put("interactive", ["i-1", "i-2", "i-3"])
        hints.put("bulk", ["b-1"])
        assert not hints.full
        hints.put("default", ["d-1"])
        assert hints.full
        hints.take(ROOM)
        assert not hints.full
        hints.close()
        assert hints.full

    with_hints(test)


def test_closing_releases_who_waits_and_returns_the_rest() -> None:
    """What was not taken is given back, what comes later is not noted, and the claiming loop is woken."""

    async def test(hints: Hints) -> None:
        full(hints)
        waiting = put_aside(hints, "bulk", "late")
        await asyncio.to_thread(eventually, lambda: blocked(hints))
        left = hints.close()
        await asyncio.to_thread(waiting.join)
        hints.put("bulk", ["later"])
        assert (len(left), hints.closed) == (MOST, True)
        assert {"late", "later"}.isdisjoint(left)
        await hints.arrived.wait()

    with_hints(test)
