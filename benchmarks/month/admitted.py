"""A month of admission: workers, batches and accounts come and go, on a real Redis and a clock that jumps.

Each hour two workers that last through the month and two that come with the hour have a batch to do, in all lanes. One
of the hour's workers dies in the middle of its calls. Each day has an account of its own beside the one that stays, and
ends with the deaths of both its workers. Every sixth hour the provider allows less than it has told, and refuses.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
from contextlib import suppress
from typing import Any, cast

from benchmarks.month.aged_redis import AgedRedis, Line
from benchmarks.month.samples import Samples
from support.growth import descriptors, held, resident_bytes
from support.redis_server import running_redis
from support.simulated_provider import SimulatedProvider
from support.virtual_time import run_virtually
from worker.admission.admission import Admission
from worker.admission.keys import LANES, BudgetKey
from worker.admission.limits import Limits

HOUR_S = 3600.0
DAYS, HOURS_A_SAMPLE = 30, 6
TOLD, LESS = Limits(rpm=60), 45  # requests a minute: what is told, and what every sixth hour allows
A_LANE = 10  # calls of a worker in an hour and lane
DEATH_S = 20.0  # from the beginning of the hour: a third of its work is done
TOKENS, ESTIMATE = 1000, 1250


class Worker:
    """One worker's admission, and its calls to one budget."""

    def __init__(self, redis: AgedRedis, name: str, account: str, provider: SimulatedProvider, chance: Any) -> None:
        self._line: Line = redis.line()
        self.admission = Admission(cast("Any", self._line), worker=name, jitter=chance.random)
        self.budget, self.provider = BudgetKey(account, "MiniMax-M2"), provider

    async def batch(self) -> None:
        """Bring the calls of an hour to their ends."""
        async with asyncio.TaskGroup() as calls:
            for lane in LANES:
                for _ in range(A_LANE):
                    calls.create_task(self._call(lane))

    async def close(self) -> None:
        await self.admission.close()

    async def dying(self) -> None:
        """Begin the calls of an hour, and be killed: nothing is given back."""
        batch = asyncio.create_task(self.batch())
        await asyncio.sleep(DEATH_S)
        self._line.cut()
        if not batch.cancel():
            raise RuntimeError("the batch was done before its worker died")
        with suppress(asyncio.CancelledError):
            await batch
        await self.close()

    async def _call(self, lane: str) -> None:
        refused: str | None = ""
        while refused is not None:
            reservation = await self.admission.acquire(self.budget, TOLD, lane=lane, tokens=ESTIMATE)
            reservation = await self.admission.moment(reservation)
            refused = await self.provider.call(TOKENS)
            if refused is None:
                await self.admission.settle(reservation, TOKENS)
            else:
                await self.admission.refuse(reservation, refused, None)


async def month(redis: AgedRedis, days: int) -> Samples:
    """Live through it and look every sixth hour."""
    chance, samples = random.Random(0), Samples()
    begun = asyncio.get_running_loop().time()
    lasting = [Worker(redis, f"lasting-{number}", "default", SimulatedProvider(), chance) for number in range(2)]
    for hour in range(24 * days):
        requests = LESS if hour % 6 == 5 else TOLD.rpm or 0
        stays, of_the_day = (SimulatedProvider(requests=requests, seed=2 * hour + number) for number in range(2))
        for worker in lasting:
            worker.provider = stays
        leaving, dying = (
            Worker(redis, f"{name}-{hour}", f"day-{hour // 24}", of_the_day, chance) for name in ("leaving", "dying")
        )
        last = hour % 24 == 23  # of the day's account: nobody is left to put in order what its workers held
        await asyncio.gather(
            *(worker.batch() for worker in lasting), leaving.dying() if last else leaving.batch(), dying.dying()
        )
        await leaving.close()
        if stays.answered != 2 * 3 * A_LANE or of_the_day.answered < (0 if last else 3 * A_LANE):
            raise RuntimeError(f"hour {hour}: {stays.answered} and {of_the_day.answered} calls were answered")
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, begun + (hour + 1) * HOUR_S - now))
        redis.age(HOUR_S)
        if hour % HOURS_A_SAMPLE == HOURS_A_SAMPLE - 1:
            del stays, of_the_day, leaving, dying
            look(redis, samples)
    for worker in lasting:
        await worker.close()
    return samples


def look(redis: AgedRedis, samples: Samples) -> None:
    """Take a sample."""
    gc.collect()
    samples.add("memory", resident_bytes("self") / 1e6, "MB")
    samples.add("descriptors", descriptors(os.getpid()))
    samples.add("tasks", len(asyncio.all_tasks()))
    samples.add("objects and entries", sum(held().values()))
    samples.add("Redis: memory", redis.server.info("memory")["used_memory"] / 1e6, "MB")
    samples.add("Redis: keys", redis.server.dbsize())


def admitted(days: int) -> Samples:
    """Return what a month of admission held."""
    logging.getLogger("worker.admission").setLevel(logging.CRITICAL)  # the dead tell of their Redis
    with running_redis() as server:
        redis = AgedRedis(server.socket_path)
        try:
            return cast("Samples", run_virtually(month(redis, days)))
        finally:
            redis.close()
