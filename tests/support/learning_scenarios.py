"""Limits that are told wrongly or change, on a clock that jumps: each scenario plays itself and returns its figures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from support.simulated_cluster import SimulatedCluster
from support.simulated_provider import SimulatedProvider
from support.virtual_time import run_virtually
from worker.admission.limits import Limits

STEP_S = 10


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it. `rates` holds the calls a minute answered in each stretch of `STEP_S` seconds."""

    seconds: float
    answered: int
    refused: int
    rates: tuple[float, ...] = ()

    @property
    def refused_share(self) -> float:
        return self.refused / (self.answered + self.refused)


def backlog(limits: Limits, provider: SimulatedProvider, *, jobs: int = 300, workers: int = 2) -> Played:
    """Return how long some workers took for a backlog, from its submission to the last answer."""

    async def scenario() -> float:
        cluster = SimulatedCluster(provider, limits, workers)
        await asyncio.gather(*(cluster.job(number % workers) for number in range(jobs)))
        seconds = asyncio.get_running_loop().time()
        await cluster.close()
        return seconds

    return Played(run_virtually(scenario()), provider.answered, sum(provider.refused.values()))


def saturated(
    limits: Limits,
    provider: SimulatedProvider,
    seconds: int,
    changes: Mapping[int, Mapping[str, Any]] | None = None,
    *,
    workers: int = 4,
    beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> Played:
    """Return what saturated workers got through; `changes` sets the provider's attributes at multiples of `STEP_S`.

    `beside` is another user of the provider, done before the end; what it got is not counted, its refusals are.
    """

    async def scenario() -> tuple[int, list[float]]:
        cluster = SimulatedCluster(provider, limits, workers)
        rates = []
        other = asyncio.create_task(beside()) if beside else None
        async with cluster.saturated(at_once=60):
            for begins in range(0, seconds, STEP_S):
                for name, value in (changes or {}).get(begins, {}).items():
                    setattr(provider, name, value)
                before = cluster.answered
                await asyncio.sleep(STEP_S)
                rates.append((cluster.answered - before) * 60 / STEP_S)
        if other:
            await other
        await cluster.close()
        return cluster.answered, rates

    answered, rates = run_virtually(scenario())
    return Played(seconds, answered, sum(provider.refused.values()), tuple(rates))


def told_right(seed: int = 0) -> Played:
    """300 jobs at 20 requests a second, in a sliding second, 10 at once; 15.2 s perfectly paced."""
    return backlog(Limits(rpm=1200, concurrency=10), _by_the_second(seed))


def told_twice(seed: int = 0) -> Played:
    """The same, told twice the limits."""
    return backlog(Limits(rpm=2400, concurrency=20), _by_the_second(seed))


def told_nothing(provider: SimulatedProvider | None = None, seconds: int = 420) -> Played:
    """Nothing configured, 500 a minute published, and the truth 1,200; by the second if not said otherwise."""
    return saturated(Limits(start_rpm=500), provider or SimulatedProvider(window_s=1.0, requests=20), seconds)


def halved_and_restored(seed: int = 0) -> Played:
    """Told right; the provider halves its limit after a minute and restores it a minute later."""
    provider = SimulatedProvider(window_s=1.0, requests=20, seed=seed)
    return saturated(Limits(rpm=1200, concurrency=10), provider, 300, {60: {"requests": 10}, 120: {"requests": 20}})


def refused_at_random(share: float, seed: int = 0) -> Played:
    """Told right for three minutes, and that share of the calls refused whatever the rate."""
    provider = SimulatedProvider(window_s=1.0, requests=20, concurrency=10, moody=share, seed=seed)
    return saturated(Limits(rpm=1200, concurrency=10), provider, 180)


def shared_for_two_minutes(seed: int = 0) -> Played:
    """Told right; after a minute another program takes half of the account for two minutes, refused or not."""
    provider = SimulatedProvider(window_s=1.0, requests=20, seed=seed)

    async def other_program() -> None:
        await asyncio.sleep(60)
        async with asyncio.TaskGroup() as calls:
            for _ in range(1200):
                calls.create_task(provider.call(1))
                await asyncio.sleep(0.1)

    return saturated(Limits(rpm=1200, concurrency=10), provider, 300, beside=other_program)


def _by_the_second(seed: int) -> SimulatedProvider:
    return SimulatedProvider(window_s=1.0, requests=20, concurrency=10, answer_s=0.2, seed=seed)
