"""The order in which the calls of one process wait."""

from __future__ import annotations

import asyncio

import pytest

from worker.admission.reservation import Wait
from worker.admission.waiters import Waiter, Waiters, share


@pytest.mark.parametrize(
    ("waiting", "batch", "asked"),
    [
        ((0, 0, 0), 128, (0, 0, 0)),
        ((0, 0, 500), 128, (0, 0, 128)),
        ((500, 500, 500), 128, (126, 1, 1)),
        ((100, 500, 500), 128, (100, 27, 1)),
        ((500, 0, 1), 128, (126, 0, 1)),
        ((2, 3, 4), 128, (2, 3, 4)),
        ((9, 9, 9), 1, (1, 1, 1)),
    ],
)
def test_a_batch_takes_the_highest_lanes_and_one_of_each(waiting, batch, asked):
    """So that a lane whose turn it is can always be served."""
    assert share(waiting, batch) == asked


def test_waiters_stand_by_lane_then_by_arrival():
    """Those to ask for are the first of each lane; who left is not among them."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        waiters = Waiters()
        lanes = [2, 0, 2, 1, 0, 2]
        everyone = [Waiter(lane, number, loop.create_future(), None) for number, lane in enumerate(lanes)]
        for waiter in everyone:
            waiters.add(waiter)
        waiters.discard(everyone[2])
        waiters.discard(everyone[2])
        assert waiters.counts() == (2, 1, 2)
        assert [[waiter.tokens for waiter in lane] for lane in waiters.first(9)] == [[1, 4], [3], [0, 5]]
        assert [[waiter.tokens for waiter in lane] for lane in waiters.first(3)] == [[1], [3], [0]]
        assert [waiter.tokens for waiter in waiters] == [1, 4, 3, 0, 5]
        for waiter in waiters:
            waiters.discard(waiter)
        assert not waiters

    asyncio.run(scenario())


def test_those_that_wait_anew_stand_before_the_others_of_their_lane_in_the_order_in_which_they_came():
    """Two of three were granted once and lost it; a more urgent lane still goes before them."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        waiters = Waiters()
        for tokens, lane, anew in ((0, 2, False), (1, 2, True), (2, 2, True), (3, 1, False)):
            waiters.add(Waiter(lane, tokens, loop.create_future(), None, anew))
        assert waiters.counts() == (0, 1, 3)
        assert [[waiter.tokens for waiter in lane] for lane in waiters.first(9)] == [[], [3], [1, 2, 0]]
        assert [waiter.tokens for waiter in waiters] == [3, 1, 2, 0]
        for waiter in waiters:
            waiters.discard(waiter)
        assert not waiters

    asyncio.run(scenario())


def test_a_waiter_tells_whoever_listens():
    """`on_wait` gets the wait; without one nothing happens."""

    async def scenario() -> None:
        heard: list[Wait] = []
        future = asyncio.get_running_loop().create_future()
        Waiter(0, 1, future, heard.append).tell(Wait("gate", 2.0))
        Waiter(0, 1, future, None).tell(Wait("gate", 2.0))
        assert heard == [Wait("gate", 2.0)]

    asyncio.run(scenario())
