"""Ten minutes of saturation on a clock that jumps: four workers, a provider that counts, each kind of limit and window.

    PYTHONPATH=.:tests python -m benchmarks.simulated

The script of admission is played by the Python model that Hypothesis holds equal to it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.figure import Figure, table
from support.simulated_cluster import SimulatedCluster
from support.simulated_provider import SimulatedProvider
from support.virtual_time import run_virtually
from worker.admission.limits import Limits

WORKERS, MINUTES = 4, 10
USED, REFUSED = 98.0, 0.5  # per cent
#: (what binds, the limits told, what the provider allows, calls a second of one who never waits)
BOUND: tuple[tuple[str, Limits, dict[str, Any], float], ...] = (
    ("600 requests a minute", Limits(rpm=600), {"requests": 600}, 10.0),
    ("20 requests a minute", Limits(rpm=20), {"requests": 20}, 20 / 60),
    ("600,000 tokens a minute, 1,000 a call", Limits(tpm=600_000), {"tokens": 600_000}, 10.0),
    # A call is in flight for its answer and for its way there, 2 ms on average.
    ("10 calls of 1 s at once", Limits(concurrency=10), {"concurrency": 10, "answer_s": 1.0}, 10 / 1.002),
)


def saturated(name: str, limits: Limits, provider: dict[str, Any], per_s: float, *, sliding: bool) -> list[Figure]:
    """Return what four saturated workers made of a limit in ten minutes."""
    counting = SimulatedProvider(sliding=sliding, **provider)

    async def ten_minutes() -> None:
        cluster = SimulatedCluster(counting, limits, workers=WORKERS)
        async with cluster.saturated(at_once=30):
            await asyncio.sleep(60.0 * MINUTES)
        await cluster.close()

    run_virtually(ten_minutes())
    scenario = f"10 simulated minutes, {name}, {'sliding' if sliding else 'fixed'} window"
    refused = sum(counting.refused.values())
    return [
        Figure(scenario, "of the limit used", 100 * counting.answered / (per_s * 60 * MINUTES), "%", "at least", USED),
        Figure(scenario, "refusals", 100 * refused / (counting.answered + refused), "%", limit=REFUSED),
    ]


def round_trips() -> list[Figure]:
    """Return how many script calls a call costs one worker, where calls come one by one and where they crowd."""

    async def scenario(limits: Limits, jobs: int) -> float:
        cluster = SimulatedCluster(SimulatedProvider(), limits, workers=1)
        await asyncio.gather(*(cluster.job(0) for _ in range(jobs)))
        calls = cluster.redis.calls
        await cluster.close()
        return calls / jobs

    name = "script calls for a grant and its settle"
    return [
        Figure("round trips, 600 a minute", name, run_virtually(scenario(Limits(rpm=600), 300)), limit=2.02),
        Figure("round trips, 6,000,000 a minute", name, run_virtually(scenario(Limits(rpm=6e6), 3000)), limit=2.0),
    ]


def figures() -> list[Figure]:
    """Play all."""
    played = [saturated(*bound, sliding=sliding) for bound in BOUND for sliding in (True, False)]
    return [figure for figures in played for figure in figures] + round_trips()


if __name__ == "__main__":
    print(table(figures()))
