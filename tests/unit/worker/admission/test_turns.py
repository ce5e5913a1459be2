"""Workers of one lane take turns at the places, on a clock that jumps."""

from __future__ import annotations

import asyncio
from collections import Counter

from support.simulated_redis import SimulatedRedis
from support.virtual_time import run_virtually
from worker.admission.admission import Admission
from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits

BUDGET = BudgetKey("account", "MiniMax-M2")


def test_a_worker_that_frees_the_places_does_not_keep_them_from_the_others():
    """Ten long calls at once: one worker has jobs for all of them, two come later. For half an hour all have a part."""
    calls: Counter[int] = Counter()

    async def scenario() -> None:
        redis = SimulatedRedis()
        workers = [Admission(redis, worker=f"worker-{number}") for number in range(3)]

        async def forever(number: int) -> None:
            while True:
                place = await workers[number].acquire(BUDGET, Limits(concurrency=10), lane="bulk", tokens=1)
                calls[number] += 1
                await asyncio.sleep(5 + calls[number] % 7 / 10)
                await workers[number].settle(place, 1)

        jobs = [asyncio.create_task(forever(0)) for _ in range(14)]
        await asyncio.sleep(60)
        jobs += [asyncio.create_task(forever(number)) for number in (1, 2) for _ in range(4)]
        await asyncio.sleep(1800)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        for worker in workers:
            await worker.close()

    run_virtually(scenario())
    assert sum(calls.values()) >= 0.97 * 10 * 1860 / 5.3
    assert all(calls[number] >= 0.2 * sum(calls.values()) for number in range(3))
