"""Admission while Redis is away, and what it does when Redis or a worker comes back with nothing."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys

import redis

from support.admission_desk import BUDGET, Waits, workers
from worker.admission.limits import Limits, Policy

BULK = {"lane": "bulk", "tokens": 1000}
QUICK = Policy(heartbeat_s=0.05, lease_s=5.0, patience_s=0.05)

HOLDER = """
import asyncio, sys
from worker.admission.admission import Admission
from worker.admission.connection import connect
from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits, Policy

async def main():
    admission = Admission(connect(sys.argv[1]), worker="doomed", policy=Policy(heartbeat_s=0.1, lease_s=1.0))
    await admission.acquire(BudgetKey("account", "MiniMax-M2"), Limits(concurrency=1), lane="bulk", tokens=1)
    print("holds", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_calls_wait_while_redis_is_away_and_go_on_when_it_is_back(server, caplog):
    """Nothing raises; acquire says that it waits for Redis; one log line tells of each way."""
    caplog.set_level(logging.INFO, "worker.admission.outage")

    async def scenario() -> None:
        async with workers(server, 1, QUICK) as (admission,):
            held = [await admission.acquire(BUDGET, Limits(), **BULK) for _ in range(3)]
            server.stop()
            try:
                waits = Waits()
                call = asyncio.create_task(admission.acquire(BUDGET, Limits(), **BULK, on_wait=waits))
                await waits.for_dimension("redis")
                await admission.settle(held[0], 10)
                assert await admission.refuse(held[1], "requests", None) >= 1.0
                await admission.release(held[2])
                assert not call.done()
            finally:
                server.start()
            await admission.settle(await call, 10)

    asyncio.run(scenario())
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_flush_does_not_let_more_calls_out_than_the_concurrency(server):
    """What a worker holds is known again after a flush, before anybody else is let in."""

    async def scenario() -> None:
        async with workers(server, 2, QUICK) as (first, second):
            limits = Limits(concurrency=1)
            await second.release(await second.acquire(BUDGET, limits, **BULK))
            held = await first.acquire(BUDGET, limits, **BULK)
            with redis.Redis.from_url(server.unix_url) as client:
                client.flushall()
            waits = Waits()
            call = asyncio.create_task(second.acquire(BUDGET, limits, **BULK, on_wait=waits))
            await waits.for_dimension("concurrency")
            assert not call.done()
            await first.settle(held, None)
            await second.release(await call)

    asyncio.run(scenario())


def test_a_killed_workers_place_is_free_after_its_lease(server):
    """A process that holds the only place dies by SIGKILL; another worker's call waits, and then goes out."""
    command = [sys.executable, "-c", HOLDER, server.unix_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as doomed:
        assert doomed.stdout is not None
        assert doomed.stdout.readline() == "holds\n"
        doomed.kill()

    async def scenario() -> None:
        async with workers(server, 1, Policy(patience_s=0.1)) as (admission,):
            waits = Waits()
            call = asyncio.create_task(admission.acquire(BUDGET, Limits(concurrency=1), **BULK, on_wait=waits))
            await waits.for_dimension("concurrency")
            await admission.release(await call)

    asyncio.run(scenario())
