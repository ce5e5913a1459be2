"""Calls are granted ahead and sent at their moments: what the moment follows, and what happens if it is missed."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from support.simulated_cluster import BUDGET
from support.simulated_redis import SimulatedRedis
from support.virtual_time import run_virtually
from worker.admission.admission import Admission
from worker.admission.limits import Limits
from worker.admission.moments import Moments
from worker.admission.reservation import Reservation

RATE = Limits(rpm=1200)
INTERVAL_S = RATE.request_interval_us / 1e6


async def granted(admission: Admission, count: int, limits: Limits = RATE) -> list[Reservation]:
    """Grants for so many calls that asked together."""
    asking = (admission.acquire(BUDGET, limits, lane="bulk", tokens=1) for _ in range(count))
    return await asyncio.gather(*asking)


@pytest.mark.parametrize("commit_s", [0.0, 0.01, 0.045])
def test_what_is_done_between_grant_and_call_does_not_disturb_the_pace(commit_s):
    """Twenty calls leave one interval apart to the microsecond, though each is first written, now fast, now slowly."""

    async def call(admission: Admission, number: int) -> float:
        reservation = (await granted(admission, 1))[0]
        await asyncio.sleep(commit_s * (number % 3) / 2)
        await admission.moment(reservation)
        return asyncio.get_running_loop().time()

    async def scenario() -> list[float]:
        admission = Admission(SimulatedRedis(), worker="w")
        sent = await asyncio.gather(*(call(admission, number) for number in range(20)))
        await admission.close()
        return sorted(sent)

    sent = run_virtually(scenario())
    gaps = [after - before for before, after in pairwise(sent[2:])]
    assert gaps == pytest.approx([INTERVAL_S] * len(gaps), abs=5e-4)


@pytest.mark.parametrize(("late_s", "put_off_s"), [(0.007, 0.0), (0.009, 0.009), (0.3, 0.3)])
@pytest.mark.parametrize("late_by", ["commit", "connection"])
def test_a_call_that_is_late_puts_the_later_ones_off(late_by, late_s, put_off_s):
    """By all that it was late when it went out, its connection being open; up to 8 ms are forgiven."""

    async def scenario(late_s: float) -> float:
        admission = Admission(SimulatedRedis(), worker="w")
        late = (await granted(admission, 2))[-1]
        if late_by == "connection":
            late = await admission.moment(late)
        await asyncio.sleep(late.send_at - asyncio.get_running_loop().time() + late_s)
        admission.sent(await admission.moment(late))
        begun = late.send_at
        after = (await granted(admission, 20))[-1]
        await admission.close()
        return after.send_at - begun

    assert run_virtually(scenario(late_s)) - run_virtually(scenario(0.0)) == pytest.approx(put_off_s, abs=1e-3)


@pytest.mark.parametrize(("by_second", "put_off_s"), [(False, 0.02), (True, 0.2)])
def test_a_connection_from_afar_puts_off_where_calls_are_counted_by_the_second(by_second, put_off_s):
    """A window of a minute forgives 0.2 s, and who opens connections often would lose much of the rate."""

    async def scenario() -> int:
        admission = Admission(SimulatedRedis(), worker="w")
        late = (await granted(admission, 2))[-1]
        await asyncio.sleep(late.send_at + 0.2 - asyncio.get_running_loop().time())
        moments = Moments(0.05)
        assert moments.sent(late, 0.2, by_second=by_second)
        await admission.close()
        return moments.late_us

    assert run_virtually(scenario()) == pytest.approx(put_off_s * 1e6, abs=1e3)


def test_a_late_call_that_was_granted_no_moment_ahead_puts_the_later_ones_off_too():
    """The first after a pause may go at once; while it connects for 0.3 s, the others do not pass it."""

    async def scenario() -> float:
        admission = Admission(SimulatedRedis(), worker="w")
        first = (await granted(admission, 1))[0]
        await admission.settle(first, 1)
        await asyncio.sleep(5.0)
        late = (await granted(admission, 1))[0]
        assert late.send_at == late.granted_at
        await asyncio.sleep(0.3)
        admission.sent(await admission.moment(late))
        after = (await granted(admission, 1))[0]
        await admission.close()
        return after.send_at - late.send_at

    assert run_virtually(scenario()) == pytest.approx(0.3 + INTERVAL_S, abs=0.011)


def test_calls_that_are_all_late_alike_keep_the_pace():
    """Each opens a connection for 0.2 s, four times the interval: once that is usual, the rate is what it was."""

    async def call(admission: Admission) -> float:
        reservation = await admission.moment((await granted(admission, 1))[0])
        await asyncio.sleep(0.2)
        admission.sent(reservation)
        return asyncio.get_running_loop().time()

    async def scenario() -> list[float]:
        admission = Admission(SimulatedRedis(), worker="w")
        sent = await asyncio.gather(*(call(admission) for _ in range(100)))
        await admission.close()
        return sorted(sent)

    sent = run_virtually(scenario())
    assert sent[99] - sent[39] == pytest.approx(60 * INTERVAL_S, rel=0.01)
    assert sent[99] - sent[0] < 99 * INTERVAL_S + 1.0


def test_a_worker_that_was_frozen_puts_the_others_off_by_a_second_at_most():
    """Its call leaves a minute late; the other worker, which kept the pace meanwhile, stands still for no minute."""

    async def scenario() -> float:
        redis, now = SimulatedRedis(), asyncio.get_running_loop().time
        frozen, busy = Admission(redis, worker="w"), Admission(redis, worker="v")
        late = (await granted(frozen, 2))[-1]
        while now() < late.send_at + 60:
            await busy.settle(await busy.moment((await granted(busy, 1))[0]), None)
        begun = now()
        frozen.sent(await frozen.moment(late))
        await frozen.settle(late, None)
        for _ in range(100):
            await busy.settle(await busy.moment((await granted(busy, 1))[0]), None)
        await frozen.close()
        await busy.close()
        return now() - begun

    assert run_virtually(scenario()) < 100 * INTERVAL_S + 1.1


@pytest.mark.parametrize("refused_by", ["own", "other"])
def test_a_call_whose_gate_closes_before_its_moment_waits_anew(refused_by):
    """It is given back and goes out after the gate has opened, before the others of its lane."""

    async def scenario() -> tuple[Reservation, Reservation, list[Reservation]]:
        redis = SimulatedRedis()
        admission, other = Admission(redis, worker="w"), Admission(redis, worker="v")
        first = await admission.moment((await granted(admission, 1))[0])
        held = (await granted(admission, 1))[0]
        moment = asyncio.create_task(admission.moment(held))
        others = asyncio.create_task(granted(admission, 3))
        await asyncio.sleep(0)
        await (admission if refused_by == "own" else other).refuse(first, "requests", 2.0)
        again, rest = await moment, await others
        await admission.close()
        await other.close()
        return held, again, rest

    held, again, rest = run_virtually(scenario())
    assert again.number != held.number
    assert again.send_at >= held.send_at + 1.9
    assert again.send_at < min(each.send_at for each in rest)


def test_calls_whose_gate_closes_leave_in_the_order_in_which_they_were_granted():
    """Four were granted ahead and wait anew: the first of them is the first again."""

    async def scenario() -> list[int]:
        admission, left = Admission(SimulatedRedis(), worker="w"), []
        limits = Limits(rpm=6000)
        first = await admission.moment((await granted(admission, 1, limits))[0])
        held = await granted(admission, 4, limits)

        async def leave(number: int) -> None:
            assert await admission.moment(held[number]) is not held[number]
            left.append(number)

        leaving = [asyncio.create_task(leave(number)) for number in range(4)]
        await asyncio.sleep(0)
        await admission.refuse(first, "requests", 2.0)
        await asyncio.gather(*leaving)
        await admission.close()
        return left

    assert run_virtually(scenario()) == [0, 1, 2, 3]


def test_cancelling_before_the_moment_gives_the_place_back():
    """Of one place, the next call gets it, though nobody ended the first."""

    async def scenario() -> Reservation:
        admission = Admission(SimulatedRedis(), worker="w")
        limits = Limits(rpm=1200, concurrency=1)
        held = (await granted(admission, 1, limits))[0]
        moment = asyncio.create_task(admission.moment(held))
        await asyncio.sleep(0)
        moment.cancel()
        await asyncio.gather(moment, return_exceptions=True)
        async with asyncio.timeout(1.0):
            (after,) = await granted(admission, 1, limits)
        await admission.close()
        return after

    assert run_virtually(scenario()).number


def test_cancelling_what_waited_anew_gives_the_place_back():
    """Of one place, though it was granted a second time after its gate had closed, and by another reservation."""

    async def scenario() -> Reservation:
        admission = Admission(SimulatedRedis(), worker="w")
        limits = Limits(rpm=1200, concurrency=2)
        first = await admission.moment((await granted(admission, 1, limits))[0])
        held = (await granted(admission, 1, limits))[0]
        moment = asyncio.create_task(admission.moment(held))
        await asyncio.sleep(0)
        opens = asyncio.get_running_loop().time() + await admission.refuse(first, "requests", 2.0)
        await asyncio.sleep(opens - asyncio.get_running_loop().time() - 0.01)
        moment.cancel()
        await asyncio.gather(moment, return_exceptions=True)
        async with asyncio.timeout(1.0):
            after = await granted(admission, 2, limits)
        await admission.close()
        return after[-1]

    assert run_virtually(scenario()).number


def test_a_grant_decided_before_the_gate_closed_and_heard_after_it_waits_anew():
    """The question was answered in Redis before the refusal, and its answer came in after that."""

    async def scenario() -> float:
        redis = SimulatedRedis()
        admission = Admission(redis, worker="w")
        first = await admission.moment((await granted(admission, 1))[0])
        redis.latency_s = 0.02
        asking = asyncio.create_task(granted(admission, 1))
        await asyncio.sleep(0.011)
        redis.latency_s = 0.0005
        closing = asyncio.get_running_loop().time()
        closed_s = await admission.refuse(first, "requests", 2.0)
        assert not asking.done()
        sent = await admission.moment((await asking)[0])
        await admission.close()
        return sent.send_at - closing - closed_s

    assert run_virtually(scenario()) >= -1e-3


def test_a_clock_of_redis_that_is_set_back_does_not_shut_what_is_granted_after():
    """A failover behind the old clock, after a gate had closed: a grant of the new life goes out at once."""

    async def scenario() -> bool:
        redis = SimulatedRedis()
        admission = Admission(redis, worker="w")
        await admission.refuse((await granted(admission, 1))[0], "requests", 1.0)
        redis.fail_over(behind_s=3600)
        again = (await granted(admission, 1))[0]
        same = await asyncio.wait_for(admission.moment(again), 10) is again
        await admission.close()
        return same

    assert run_virtually(scenario())


def test_a_moment_after_close_is_no_error():
    """The reservation comes back as it was."""

    async def scenario() -> bool:
        admission = Admission(SimulatedRedis(), worker="w")
        held = (await granted(admission, 1))[0]
        await admission.close()
        return await admission.moment(held) is held

    assert run_virtually(scenario())
