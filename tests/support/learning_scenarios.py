"""Limits that are told wrongly or change, on a clock that jumps: each scenario plays itself and returns its figures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
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
) -> Played:
    """Return what saturated workers got through; `changes` sets the provider's attributes at multiples of `STEP_S`."""

    async def scenario() -> list[float]:
        cluster = SimulatedCluster(provider, limits, workers)
        rates = []
        async with cluster.saturated(at_once=60):
            for begins in range(0, seconds, STEP_S):
                for name, value in (changes or {}).get(begins, {}).items():
                    setattr(provider, name, value)
                before = provider.answered
                await asyncio.sleep(STEP_S)
                rates.append((provider.answered - before) * 60 / STEP_S)
        await cluster.close()
        return rates

    rates = run_virtually(scenario())
    return Played(seconds, provider.answered, sum(provider.refused.values()), tuple(rates))


def told_right(seed: int = 0) -> Played:
    """300 jobs at 20 requests a second, in a sliding second, 10 at once; 15.2 s perfectly paced."""
    return backlog(Limits(rpm=1200, concurrency=10), _by_the_second(seed))


def told_twice(seed: int = 0) -> Played:
    """The same, told twice the limits."""
    return backlog(Limits(rpm=2400, concurrency=20), _by_the_second(seed))


def told_nothing(provider: SimulatedProvider | None = None, seconds: int = 420) -> Played:
    """Nothing configured, 500 a minute published, and the truth 1,200; by the second if not said otherwise."""
    return saturated(Limits(start_rpm=500), provider or SimulatedProvider(window_s=1.0, requests=20), seconds)


def halved_and_restored() -> Played:
    """Told right; the provider halves its limit after a minute and restores it a minute later."""
    provider = SimulatedProvider(window_s=1.0, requests=20)
    return saturated(Limits(rpm=1200, concurrency=10), provider, 300, {60: {"requests": 10}, 120: {"requests": 20}})


def _by_the_second(seed: int) -> SimulatedProvider:
    return SimulatedProvider(window_s=1.0, requests=20, concurrency=10, answer_s=0.2, seed=seed)
