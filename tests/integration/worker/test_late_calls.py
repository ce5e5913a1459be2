"""What an engine tells admission of calls that went out late."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
import redis

from support.engine import MODEL, Rig, running
from worker.admission.keys import BudgetKey
from worker.admission.moments import CONNECTING_S

SLOW_S = 0.05


def test_a_connection_that_is_slow_to_open_puts_the_later_calls_off(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 20 calls a second they come 51 ms apart, and the first is 50 ms late: 20 of them shift the schedule."""
    at_once = aiohttp.TCPConnector.connect

    async def slow(self: aiohttp.TCPConnector, *arguments: Any, **named: Any) -> Any:
        await asyncio.sleep(SLOW_S)
        return await at_once(self, *arguments, **named)

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", slow)
    with running(rig, MMQ_RPM="1200"):
        for job_id in rig.submit(*(f"Number {number}." for number in range(4))):
            rig.ended(job_id)
        with redis.Redis.from_url(rig.redis.unix_url) as client:
            shift_us = float(client.hget(BudgetKey("default", MODEL).state, "shift"))
    assert shift_us >= CONNECTING_S * 1e6
