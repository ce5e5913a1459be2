"""One call asks several accounts, and goes out by the first that grants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from worker.admission.reservation import Wait
from worker.routing.desk import Desk, Grant
from worker.routing.race import Race


class Leave:
    """A grant that notes whether it was given back."""

    def __init__(self) -> None:
        self.released = False

    async def release(self) -> None:
        self.released = True


class Counter:
    """An account that grants when the test says so, after telling to wait unless it is free."""

    def __init__(self, name: str, *, free: bool = False) -> None:
        self.name, self.free = name, free
        self.asked = self.left = 0
        self.leave = Leave()
        self.grant = asyncio.Event()

    async def ask(self, _model: str, *, on_wait: Callable[[Wait], None], **_: Any) -> Leave:
        self.asked += 1
        if not self.free:
            on_wait(Wait("requests", float(len(self.name))))
            try:
                await self.grant.wait()
            except asyncio.CancelledError:
                self.left += 1
                raise
        return self.leave


class Track:
    """A race between these accounts; `waits` is what the call was told."""

    def __init__(self, *counters: Counter) -> None:
        self.waits: list[Wait] = []
        self._waiting = asyncio.Event()
        self.change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        desks = cast("list[Desk]", list(counters))
        race = Race(desks, "MiniMax-M2.7", lane="bulk", tokens=1, on_wait=self._told)
        self.running: asyncio.Task[Grant | None] = asyncio.create_task(race.run(self.change))

    async def all_asked(self) -> None:
        await self._waiting.wait()

    def _told(self, wait: Wait) -> None:
        self.waits.append(wait)
        self._waiting.set()


def test_a_call_that_goes_straight_through_asks_one_account() -> None:
    """The second is not troubled."""

    async def test() -> None:
        first, second = Counter("first", free=True), Counter("second", free=True)
        track = Track(first, second)
        assert await track.running is first.leave  # type: ignore[comparison-overlap]
        assert (second.asked, track.waits) == (0, [])

    asyncio.run(test())


def test_a_call_that_must_wait_goes_out_by_the_first_that_opens() -> None:
    """All are asked, the shortest wait is told, the loser forgets the call."""

    async def test() -> None:
        first, second = Counter("the slower"), Counter("fast")
        track = Track(first, second)
        await track.all_asked()
        assert [wait.seconds for wait in track.waits] == [4.0]
        second.grant.set()
        assert await track.running is second.leave  # type: ignore[comparison-overlap]
        await asyncio.sleep(0)
        assert (first.left, second.leave.released) == (1, False)

    asyncio.run(test())


def test_of_two_grants_in_one_moment_one_is_given_back() -> None:
    """So that its place is not lost to the other calls."""

    async def test() -> None:
        counters = [Counter("a"), Counter("b")]
        track = Track(*counters)
        await track.all_asked()
        for counter in counters:
            counter.grant.set()
        won = await track.running
        released = [counter.leave.released for counter in counters if counter.leave is not won]
        assert len(released) == 1
        await asyncio.sleep(0)
        assert sum(counter.leave.released or counter.left for counter in counters) == 1

    asyncio.run(test())


@pytest.mark.parametrize("how", ["change", "cancel"])
def test_nothing_is_left_behind_when_it_is_called_off(how: str) -> None:
    """An account was paused, or the worker stops."""

    async def test() -> None:
        counters = [Counter("a"), Counter("b")]
        track = Track(*counters)
        await track.all_asked()
        if how == "change":
            track.change.set_result(None)
            assert await track.running is None
        else:
            track.running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await track.running
        await asyncio.sleep(0)
        assert [counter.left for counter in counters] == [1, 1]

    asyncio.run(test())


def test_a_fault_reaches_the_call() -> None:
    """It is not waited for for ever."""

    class Broken(Counter):
        async def ask(self, _model: str, **_: Any) -> Leave:
            raise ValueError("ours")

    async def test() -> None:
        with pytest.raises(ValueError, match="ours"):
            await Track(Broken("a"), Counter("b")).running

    asyncio.run(test())
