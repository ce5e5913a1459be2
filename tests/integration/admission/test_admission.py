"""Admission with a real Redis: what is granted, what waits, and who is woken."""

from __future__ import annotations

import asyncio

import pytest
import redis

from support.admission_desk import BUDGET, ONLY_WOKEN, Waits, script_calls, workers
from worker.admission.connection import connect
from worker.admission.decision import Question
from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits
from worker.admission.scripts import Script

BULK = {"lane": "bulk", "tokens": 1000}


async def settled(admission, budget=BUDGET):
    """The budget's state once nothing is in flight any more."""
    while (state := await admission.state(budget)).in_flight:  # noqa: ASYNC110  Redis rings no bell
        await asyncio.sleep(0)
    return state


def test_a_call_is_granted_settled_and_its_estimate_corrected(server):
    """What the state shows before and after one call with an estimate of 1,000 tokens that used 300."""

    async def scenario() -> None:
        async with workers(server, 1) as (admission,):
            reservation = await admission.acquire(BUDGET, Limits(tpm=60_000, concurrency=2), **BULK)
            state = await admission.state(BUDGET)
            assert (state.in_flight, state.tpm, state.concurrency, state.rpm) == (1, 60_000, 2, None)
            assert state.tokens_last_minute == pytest.approx(1000, abs=50)
            await admission.settle(reservation, 300)
            await admission.settle(reservation, 300)
            state = await settled(admission)
            assert state.tokens_last_minute == pytest.approx(300, abs=50)
            assert (state.gate_s, state.refusals, sum(state.waiting.values())) == (0, 0, 0)

    asyncio.run(scenario())


def test_fifty_calls_at_once_share_a_round_trip_each_way(server):
    """Fifty grants and fifty settles of one process take four script calls at most, not a hundred."""

    async def scenario() -> None:
        async with workers(server, 1) as (admission,):
            limits = Limits(rpm=6e6, tpm=6e9, concurrency=100)
            reservations = await asyncio.gather(*(admission.acquire(BUDGET, limits, **BULK) for _ in range(50)))
            for reservation in reservations:
                await admission.settle(reservation, 900)
            await settled(admission)
            client = connect(server.unix_url)
            assert await script_calls(client) <= 4 + 1  # the first is tried by its hash and then sent in full
            await client.aclose()

    asyncio.run(scenario())


def test_a_dead_worker_at_the_head_of_the_round_costs_the_others_no_turn(server):
    """It waited the longest and hears nothing any more: the next worker is called instead, at once."""

    async def scenario() -> None:
        async with workers(server, 2, ONLY_WOKEN) as (first, second):
            limits, waits = Limits(concurrency=1), Waits()
            held = await first.acquire(BUDGET, limits, **BULK)
            client = connect(server.unix_url)
            dead = Question("dead", epoch=0, held=0, waiting=(0, 0, 1), asks=((), (), (1,)), limits=limits)
            await Script("admit")(client, BUDGET.all, dead.arguments(BUDGET, ONLY_WOKEN))
            await client.aclose()
            waiting = asyncio.create_task(second.acquire(BUDGET, limits, **BULK, on_wait=waits))
            await waits.for_dimension("concurrency")
            await first.settle(held, 1000)
            await second.settle(await waiting, 1000)

    asyncio.run(scenario())


def test_a_place_freed_by_one_worker_wakes_the_waiter_of_another(server):
    """With one call at once, twenty calls of two workers follow each other though nobody ever asks by itself."""

    async def scenario() -> None:
        async with workers(server, 2, ONLY_WOKEN) as admissions:
            running = most = 0

            async def call(number: int) -> None:
                nonlocal running, most
                admission = admissions[number % 2]
                reservation = await admission.acquire(BUDGET, Limits(concurrency=1), **BULK)
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1
                await admission.settle(reservation, None)

            await asyncio.gather(*(call(number) for number in range(20)))
            assert most == 1

    asyncio.run(scenario())


def test_the_most_urgent_waiter_of_any_worker_is_served_first(server):
    """When the one place is freed it goes to interactive, then default, then bulk, whoever asked first and where."""

    async def scenario() -> None:
        async with workers(server, 3, ONLY_WOKEN) as admissions:
            limits, served = Limits(concurrency=1, interactive_reserve=0), []
            first = await admissions[0].acquire(BUDGET, limits, **BULK)

            async def call(number: int, lane: str, waits: Waits) -> None:
                reservation = await admissions[number].acquire(BUDGET, limits, lane=lane, tokens=1, on_wait=waits)
                served.append(lane)
                await admissions[number].settle(reservation, None)

            calls = []
            for number, lane in enumerate(("bulk", "default", "interactive")):
                waits = Waits()
                calls.append(asyncio.create_task(call(number, lane, waits)))
                await waits.for_dimension("concurrency")
            await admissions[0].settle(first, None)
            await asyncio.gather(*calls)
            assert served == ["interactive", "default", "bulk"]

    asyncio.run(scenario())


def test_a_cancelled_waiter_holds_nobody_up(server):
    """A bulk call goes on when the interactive one of another worker is cancelled, and nothing stays counted."""

    async def scenario() -> None:
        async with workers(server, 2, ONLY_WOKEN) as (first, second):
            limits = Limits(concurrency=1, interactive_reserve=0)
            held = await first.acquire(BUDGET, limits, **BULK)
            urgent_waits, bulk_waits = Waits(), Waits()
            urgent = asyncio.create_task(
                second.acquire(BUDGET, limits, lane="interactive", tokens=1, on_wait=urgent_waits)
            )
            await urgent_waits.for_dimension("concurrency")
            bulk = asyncio.create_task(first.acquire(BUDGET, limits, **BULK, on_wait=bulk_waits))
            await bulk_waits.for_dimension("concurrency")
            urgent.cancel()
            with pytest.raises(asyncio.CancelledError):
                await urgent
            await first.settle(held, None)
            await first.release(await bulk)
            assert sum((await settled(first)).waiting.values()) == 0

    asyncio.run(scenario())


def test_a_refusal_closes_the_budget_for_every_worker_and_only_that_budget(server):
    """After 1002 in one worker another waits at the gate, while a second model of the account is served."""

    async def scenario() -> None:
        async with workers(server, 2) as (first, second):
            reservation = await first.acquire(BUDGET, Limits(), **BULK)
            seconds = await first.refuse(reservation, "requests", 0.3)
            assert 0.3 <= seconds <= 0.36
            other = BudgetKey(BUDGET.account, "MiniMax-M1")
            await second.release(await second.acquire(other, Limits(), **BULK))
            waits = Waits()
            call = asyncio.create_task(second.acquire(BUDGET, Limits(), **BULK, on_wait=waits))
            assert 0 < (await waits.for_dimension("gate")).seconds <= seconds
            state = await second.state(BUDGET)
            assert (state.refusals, state.refused) == (1, {"requests": 1})
            await second.settle(await call, None)
            assert (await settled(second)).refusals == 0

    asyncio.run(scenario())


def test_scripts_are_sent_again_when_redis_forgot_them(server):
    """SCRIPT FLUSH between two calls is not noticed."""

    async def scenario() -> None:
        async with workers(server, 1) as (admission,):
            await admission.release(await admission.acquire(BUDGET, Limits(), **BULK))
            with redis.Redis.from_url(server.unix_url) as client:
                client.script_flush()
            await admission.release(await admission.acquire(BUDGET, Limits(), **BULK))

    asyncio.run(scenario())


def test_close_turns_waiters_away_and_leaves_only_the_schedule_behind(server):
    """No key but the budget's state survives, and no account or model name can leave its hash tag."""
    odd = BudgetKey("a}b:c", "m{d")

    async def scenario() -> None:
        async with workers(server, 1) as (admission,):
            limits = Limits(concurrency=1)
            await admission.acquire(odd, limits, **BULK)
            waits = Waits()
            waiter = asyncio.create_task(admission.acquire(odd, limits, **BULK, on_wait=waits))
            await waits.for_dimension("concurrency")
            await admission.close()
            with pytest.raises(asyncio.CancelledError):
                await waiter

    asyncio.run(scenario())
    with redis.Redis.from_url(server.unix_url) as client:
        assert client.keys() == [b"mmq:{a%7Db%3Ac:m%7Bd}:state"]


def test_workers_that_die_leave_no_key_for_good(server):
    """Whatever is in Redis when the last workers of a budget are killed, holding and waiting, has an end."""

    async def scenario() -> None:
        async with workers(server, 2, ONLY_WOKEN) as admissions:
            limits, waits = Limits(concurrency=1), Waits()
            await admissions[0].acquire(BUDGET, limits, **BULK)
            waiting = asyncio.create_task(admissions[1].acquire(BUDGET, limits, **BULK, on_wait=waits))
            await waits.for_dimension("concurrency")
            with redis.Redis.from_url(server.unix_url) as client:
                left = {key.decode(): client.ttl(key) for key in client.scan_iter()}
            assert set(left) == {BUDGET.state, *(BUDGET.all[place] for place in (1, 2, 5))}
            assert all(0 < seconds <= 86_400 for seconds in left.values()), left
            waiting.cancel()

    asyncio.run(scenario())


def test_a_refusal_of_a_budget_that_redis_has_forgotten_leaves_no_key_for_good(server):
    """Flushed while the call was under way: what is written of its refusal has an end, if nobody asks again."""

    async def scenario() -> None:
        async with workers(server, 1, ONLY_WOKEN) as (admission,):
            call = await admission.acquire(BUDGET, Limits(concurrency=1), **BULK)
            client = connect(server.unix_url)
            await client.flushall()
            arguments = [call.granted_at_us, -1, 0, "requests", 0, 30e6, 0, 300e6, 60, 1, 1, 1]
            await Script("refuse")(client, (BUDGET.state,), arguments)
            assert 0 < await client.ttl(BUDGET.state) <= 86_400
            await client.aclose()

    asyncio.run(scenario())
