"""The front door, on a simulated Redis: what it refuses, what it tells, and how a task that will not end is ended."""

from __future__ import annotations

import asyncio

import pytest

from support.simulated_cluster import BUDGET
from support.simulated_redis import SimulatedRedis
from support.virtual_time import run_virtually
from worker.admission.admission import Admission
from worker.admission.cancel import cancel
from worker.admission.decision import Answer
from worker.admission.limits import Limits
from worker.admission.reservation import Crowd, Wait


@pytest.mark.parametrize(("lane", "tokens", "says"), [("urgent", 1, "lane must be"), ("bulk", -1, "negative")])
def test_a_lane_that_is_none_and_a_negative_estimate_are_refused(lane, tokens, says):
    """At once, before anything is asked."""

    async def scenario() -> None:
        redis = SimulatedRedis()
        with pytest.raises(ValueError, match=says):
            await Admission(redis, worker="w").acquire(BUDGET, Limits(), lane=lane, tokens=tokens)
        assert redis.calls == 0

    run_virtually(scenario())


def test_a_waiter_is_told_each_new_reason_once():
    """Ten calls at 60 a minute: each hears once that requests are short, and after a refusal once of the gate."""

    async def scenario() -> list[list[str]]:
        admission = Admission(SimulatedRedis(), worker="w")
        heard: list[list[Wait]] = [[] for _ in range(10)]
        calls = [
            asyncio.create_task(admission.acquire(BUDGET, Limits(rpm=60), lane="bulk", tokens=1, on_wait=waits.append))
            for waits in heard
        ]
        first = await calls[0]
        await admission.refuse(first, "requests", 60.0)
        await asyncio.gather(*calls)
        await admission.close()
        return [[wait.dimension for wait in waits] for waits in heard]

    told = run_virtually(scenario())
    assert told[0] == ["requests"]
    assert all(reasons == ["requests", "gate", "requests"] for reasons in told[2:])


@pytest.mark.parametrize(("lived_s", "waited_s"), [(0.0, 3.0), (1.0, 2.0), (60.0, 0.0)])
def test_the_first_call_keeps_an_interval_from_what_a_worker_before_it_may_have_sent(lived_s, waited_s):
    """At 20 a minute one of a worker that has just begun waits 3 s, and of one that has lived so long not at all."""

    async def scenario() -> float:
        admission = Admission(SimulatedRedis(), worker="w")
        await asyncio.sleep(lived_s)
        asked = asyncio.get_running_loop().time()
        reservation = await admission.acquire(BUDGET, Limits(rpm=20), lane="bulk", tokens=1)
        await admission.moment(reservation)
        await admission.close()
        return asyncio.get_running_loop().time() - asked

    assert run_virtually(scenario()) == pytest.approx(waited_s, abs=0.06)


def test_a_reservation_handed_back_after_close_is_no_error():
    """A call that ends last finds nothing left to give back."""

    async def scenario() -> None:
        admission = Admission(SimulatedRedis(), worker="w")
        reservation = await admission.acquire(BUDGET, Limits(), lane="bulk", tokens=1)
        await admission.close()
        await admission.settle(reservation, 1)
        await admission.release(reservation)
        assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    run_virtually(scenario())


def test_a_defect_reaches_those_who_wait():
    """An error that is no outage is raised to the waiter instead of leaving it waiting for ever."""

    class Broken(SimulatedRedis):
        async def evalsha(self, *arguments: object) -> list[int | str]:
            raise ZeroDivisionError

    async def scenario() -> None:
        admission = Admission(Broken(), worker="w")
        with pytest.raises(ZeroDivisionError):
            await admission.acquire(BUDGET, Limits(), lane="bulk", tokens=1)
        await admission.close()

    run_virtually(scenario())


def test_a_task_that_swallows_its_cancellation_is_cancelled_again():
    """It ends at the second one."""

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    async def scenario() -> None:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await cancel(task)
        assert task.cancelled()
        await cancel(None)

    run_virtually(scenario())


@pytest.mark.parametrize(("dimension", "means"), [(b"tokens", "tokens"), ("gate", "gate"), (b"", None), ("", None)])
def test_a_reply_is_read_whether_the_client_decodes_or_not(dimension, means):
    """Bytes and text alike; an empty dimension is none."""
    answer = Answer.from_reply([1, 2, 3, 4, dimension, 5, 6, b"", b"1.5", "2", b"3", b"4", 5, 6, 7, 8, b"9"])
    before = Crowd(1.5, 2.0, 3.0, 4.0, 5)
    assert answer == Answer((1, 2, 3), 4, means, 5, 6, "", before, shift_us=6, delays_us=(7, 8, 9))


def test_refusals_in_a_row_count_where_the_clock_of_redis_went_back_an_hour():
    """What was answered before, at a later hour as it seems, does not end them: the gates are of 1, 2 and 4 s."""

    async def scenario() -> list[float]:
        redis, gates = SimulatedRedis(), []
        admission = Admission(redis, worker="w", jitter=lambda: 0.0)
        call = await admission.acquire(BUDGET, Limits(rpm=1200), lane="bulk", tokens=1)
        await admission.settle(call, 1)
        redis.fail_over(behind_s=3600)
        for _ in range(3):
            call = await admission.acquire(BUDGET, Limits(rpm=1200), lane="bulk", tokens=1)
            gates.append(await admission.refuse(call, "requests", None))
        await admission.close()
        return gates

    assert run_virtually(scenario()) == [1.0, 2.0, 4.0]
