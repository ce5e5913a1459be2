"""Several workers' admission against a provider that counts, all on one clock that jumps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.simulated_provider import SimulatedProvider
from support.simulated_redis import SimulatedRedis
from worker.admission.admission import Admission
from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits

#: What a worker does between the grant and the call: its attempt is committed.
COMMIT_S = (0.003, 0.03)
BUDGET = BudgetKey("account", "MiniMax-M2")


class SimulatedCluster:
    """Workers that share a simulated Redis; `job` takes one call from asking to its end."""

    def __init__(self, provider: SimulatedProvider, limits: Limits, workers: int) -> None:
        self.provider, self.limits, self.redis = provider, limits, SimulatedRedis()
        self.random = random.Random(provider.seed)
        self.answered = 0
        jitter = random.Random(provider.seed).random  # so that a run that fails can be run again
        self.admissions = [Admission(self.redis, worker=f"worker-{i}", jitter=jitter) for i in range(workers)]

    async def job(self, worker: int, *, lane: str = "bulk", tokens: int = 1000, estimate: int = 1250) -> float:
        """Try until it is answered; return the seconds that admission took the first time."""
        admission = self.admissions[worker]
        begun, waited = asyncio.get_running_loop().time(), None
        while True:
            reservation = await admission.acquire(BUDGET, self.limits, lane=lane, tokens=estimate)
            waited = asyncio.get_running_loop().time() - begun if waited is None else waited
            await asyncio.sleep(self.random.uniform(*COMMIT_S))
            reservation = await admission.moment(reservation)
            admission.sent(reservation)
            refusal = await self.provider.call(tokens)
            if refusal is None:
                self.answered += 1
                await admission.settle(reservation, tokens)
                return waited
            await admission.refuse(reservation, refusal, None)

    @asynccontextmanager
    async def saturated(self, at_once: int) -> AsyncIterator[None]:
        """Keep that many bulk jobs a worker waiting or running for as long as the block lasts."""

        async def forever(worker: int) -> None:
            while True:
                await self.job(worker)

        jobs = [asyncio.create_task(forever(worker)) for worker in range(len(self.admissions)) for _ in range(at_once)]
        try:
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def close(self) -> None:
        for admission in self.admissions:
            await admission.close()
