"""Admission of several workers against a provider that counts, for long, on a clock that jumps."""

from __future__ import annotations

import asyncio
from collections import Counter
from statistics import quantiles

import pytest

from support.simulated_cluster import SimulatedCluster
from support.simulated_provider import SimulatedProvider
from support.virtual_time import run_virtually
from worker.admission.limits import Limits


@pytest.mark.parametrize("sliding", [True, False], ids=["sliding", "fixed"])
@pytest.mark.parametrize(
    ("limits", "provider", "ideal_per_s"),
    [
        (Limits(rpm=600), {"requests": 600}, 10.0),
        (Limits(rpm=20), {"requests": 20}, 20 / 60),
        (Limits(tpm=600_000), {"tokens": 600_000}, 10.0),
        (Limits(concurrency=10), {"concurrency": 10, "answer_s": 1.0}, 10 / 1.002),
    ],
    ids=["600-rpm", "20-rpm", "600k-tpm", "10-at-once"],
)
def test_four_workers_use_98_percent_of_a_limit_and_are_hardly_refused(limits, provider, ideal_per_s, sliding):
    """Ten minutes of saturation, however the provider counts its window: under 0.5 % refusals."""
    counting = SimulatedProvider(sliding=sliding, **provider)

    async def ten_minutes() -> None:
        cluster = SimulatedCluster(counting, limits, workers=4)
        async with cluster.saturated(at_once=30):
            await asyncio.sleep(600.0)
        await cluster.close()

    run_virtually(ten_minutes())
    assert counting.answered >= 0.98 * ideal_per_s * 600
    assert sum(counting.refused.values()) <= 0.005 * counting.answered
    assert counting.most_in_flight <= (limits.concurrency or float("inf"))


def test_one_worker_needs_one_round_trip_for_a_grant_and_one_for_its_settle():
    """At 600 a minute, 300 calls of 0.2 s that wait their turn take 600 script calls and the few to begin with."""

    async def scenario() -> int:
        cluster = SimulatedCluster(SimulatedProvider(), Limits(rpm=600), workers=1)
        await asyncio.gather(*(cluster.job(0) for _ in range(300)))
        calls = cluster.redis.calls
        await cluster.close()
        return calls

    assert run_virtually(scenario()) <= 2 * 300 + 5


def test_an_interactive_call_overtakes_any_backlog_within_one_interval():
    """Behind 2,000 waiting bulk calls of four workers: one grant interval and 50 ms at the 99th percentile."""
    limits = Limits(rpm=600)

    async def scenario() -> list[float]:
        cluster = SimulatedCluster(SimulatedProvider(), limits, workers=4)
        async with cluster.saturated(at_once=500):
            waits = []
            for number in range(200):
                await asyncio.sleep(0.437)
                waits.append(await cluster.job(number % 4, lane="interactive"))
        await cluster.close()
        return waits

    waits = run_virtually(scenario())
    assert quantiles(waits, n=100)[98] <= limits.request_interval_us / 1e6 + 0.05


def test_limits_told_too_high_cost_refusals_but_no_call():
    """Told twice the true rate every call is answered in the end, and the gate keeps refusals below the calls."""
    provider = SimulatedProvider(window_s=1.0, requests=20)

    async def scenario() -> None:
        cluster = SimulatedCluster(provider, Limits(rpm=2400, concurrency=10), workers=2)
        await asyncio.gather(*(cluster.job(number % 2) for number in range(300)))
        await cluster.close()

    run_virtually(scenario())
    assert provider.answered == 300
    assert provider.most_in_flight <= 10
    assert 0 < provider.refused["requests"] < 300 / 5


def test_workers_share_a_rate_evenly():
    """Four saturated workers get a quarter each of 600 grants, give or take a tenth."""

    async def scenario() -> Counter[int]:
        cluster = SimulatedCluster(SimulatedProvider(), Limits(rpm=600), workers=4)
        served: Counter[int] = Counter()

        async def forever(worker: int) -> None:
            while True:
                await cluster.job(worker)
                served[worker] += 1

        jobs = [asyncio.create_task(forever(worker)) for worker in range(4) for _ in range(20)]
        await asyncio.sleep(61)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await cluster.close()
        return served

    served = run_virtually(scenario())
    assert all(135 <= served[worker] <= 165 for worker in range(4))
