from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from worker.provider.account import Account, Api, Secret, Timeouts
from worker.provider.client import Client
from worker.provider.timer import GRACE_S, Timer

LIMIT_S = 5.0
TURNS = 5


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps, as that of a process does which did not run."""

    skipped_s = 0.0

    def time(self) -> float:
        return super().time() + self.skipped_s


def on_skipping_loop(scenario: Callable[[SkippingLoop], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario on such a loop."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, SkippingLoop)
        runner.run(scenario(loop))


def freeze(loop: SkippingLoop, seconds: float, then: Callable[[], object]) -> None:
    """Let no time pass for the loop but for its clock, and something be there when it goes on."""
    loop.skipped_s += seconds
    # A word in a socket reaches who waits for it through some turns of the loop, and a timer rings at the first.
    for_turns(loop, TURNS, then)


def for_turns(loop: SkippingLoop, turns: int, then: Callable[[], object]) -> None:
    """Do something when the loop has turned so often."""
    loop.call_soon(*((for_turns, loop, turns - 1, then) if turns else (then,)))


async def for_ever(timer: Timer) -> None:
    """Wait for what never comes."""
    async with timer:
        await asyncio.Event().wait()


def test_an_answer_that_came_during_a_freeze_is_read() -> None:
    """The limit ran out while the process did not run; what lies in its socket counts."""

    async def scenario(loop: SkippingLoop) -> None:
        answer: asyncio.Future[str] = loop.create_future()
        async with Timer(loop.time() + LIMIT_S):
            loop.call_soon(freeze, loop, 60.0, lambda: answer.set_result("in time"))
            assert await answer == "in time"

    on_skipping_loop(scenario)


def test_a_call_frozen_past_its_limit_brings_its_answer() -> None:
    """The client's own limit gives the answer in the socket its moment; asking again would pay twice."""

    async def scenario(loop: SkippingLoop) -> None:
        here: asyncio.Future[httpx.Response] = loop.create_future()

        async def respond(_request: httpx.Request) -> httpx.Response:
            message = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "in time"}}
            answer = httpx.Response(200, json={"id": "1", "model": "M", "choices": [message]})
            loop.call_soon(freeze, loop, 60.0, lambda: here.set_result(answer))
            return await here

        account = Account("main", Api.V2, "https://127.0.0.1/v1", Secret("key"))
        client = Client(account, Timeouts(first_byte=LIMIT_S), httpx.MockTransport(respond))
        reply = await client.complete({"model": "M", "messages": [{"role": "user", "content": "?"}]})
        assert reply.text == "in time"

    on_skipping_loop(scenario)


def test_after_a_freeze_the_limit_holds_soon() -> None:
    """Where nothing had come, the grace is short, and ends by the same error."""

    async def scenario(loop: SkippingLoop) -> None:
        timer = Timer(loop.time() + LIMIT_S)
        loop.call_soon(freeze, loop, 60.0, lambda: freeze(loop, GRACE_S, lambda: None))
        with pytest.raises(TimeoutError):
            await for_ever(timer)
        assert timer.expired()

    on_skipping_loop(scenario)


@pytest.mark.parametrize("until_s", [0.01, -60.0])
def test_without_a_freeze_the_limit_holds_at_once(until_s: float) -> None:
    """It rings when it is due, also where it was due before it was set."""

    async def scenario(loop: SkippingLoop) -> None:
        timer = Timer(loop.time() + until_s)
        with pytest.raises(TimeoutError):
            await for_ever(timer)
        assert timer.expired()

    on_skipping_loop(scenario)


def test_a_moved_timer_rings_once_and_only_then() -> None:
    """Moved on, it lets the block end; left, it rings no more."""

    async def scenario(loop: SkippingLoop) -> None:
        async with Timer(loop.time() + 0.001) as timer:
            timer.reschedule(loop.time() + LIMIT_S)
            freeze(loop, 0.5, lambda: None)
            await asyncio.sleep(0)
        assert not timer.expired()
        freeze(loop, 60.0, lambda: None)
        await asyncio.sleep(0)

    on_skipping_loop(scenario)


async def moved_back(loop: SkippingLoop) -> None:
    """Move a timer from far off to a moment that comes at once, and let some turns of the loop pass."""
    async with Timer(loop.time() + 3600.0) as timer:
        timer.reschedule(loop.time() + 0.5)
        freeze(loop, 0.9, lambda: None)
        for _ in range(TURNS):
            await asyncio.sleep(0)


def test_a_timer_moved_back_rings_sooner() -> None:
    """A stream's first word shortens the wait for the next."""

    async def scenario(loop: SkippingLoop) -> None:
        with pytest.raises(TimeoutError):
            await moved_back(loop)

    on_skipping_loop(scenario)


async def moved_on(loop: SkippingLoop) -> None:
    """Move a timer on, during the grace after a freeze, and never come to an end."""
    read = asyncio.Event()
    async with Timer(loop.time() + LIMIT_S) as timer:
        freeze(loop, 60.0, read.set)
        await read.wait()
        timer.reschedule(loop.time() + LIMIT_S)
        freeze(loop, GRACE_S, lambda: None)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        freeze(loop, LIMIT_S - GRACE_S, lambda: None)
        await asyncio.Event().wait()


def test_a_timer_moved_during_the_grace_goes_on() -> None:
    """What lay in the socket was read: the call has all its time again, and no more than that."""

    async def scenario(loop: SkippingLoop) -> None:
        with pytest.raises(TimeoutError):
            await moved_on(loop)
        assert loop.skipped_s == 60.0 + LIMIT_S

    on_skipping_loop(scenario)
