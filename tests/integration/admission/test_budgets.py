"""Finding the budgets that are in use."""

from __future__ import annotations

import asyncio

from support.redis_server import RedisServer
from worker.admission.budgets import known_budgets
from worker.admission.connection import connect
from worker.admission.keys import BudgetKey

BUDGETS = {BudgetKey("main", "MiniMax-M2.7"), BudgetKey("a:b", "{x} y"), BudgetKey("", "ü/%3A")}


def test_budgets_are_found_by_their_own_names(server: RedisServer) -> None:
    """Whatever characters they hold, among keys of others."""

    async def scenario() -> set[BudgetKey]:
        client = connect(server.unix_url)
        for budget in BUDGETS:
            await client.hset(budget.state, "held", 0)
        for other in ("mmq:{x}:state", "mmq:{a:b}:workers", "celery", "mmq:leader"):
            await client.set(other, 1)
        found = await known_budgets(client)
        await client.aclose()
        return found

    assert asyncio.run(scenario()) == BUDGETS
