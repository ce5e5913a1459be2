"""Let an account's limits be learned anew."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis
from sqlalchemy import Engine

from models import learned_limit
from models.session import writing
from worker.admission.keys import BudgetKey


async def forget(redis: Redis, database: Engine, budget: BudgetKey) -> None:
    """Forget what was learned of a budget, in Redis and in SQL; what is configured or published holds from now on.

    Redis first: a worker that had the lessons writes them no more once it has asked again.

    Raises:
        redis.RedisError, OSError: Redis is away, and nothing is forgotten.
        sqlalchemy.exc.SQLAlchemyError: the database is away; running workers have forgotten all the same.
    """
    await redis.hdel(budget.state, "lessons")
    await asyncio.to_thread(_delete, database, budget)


def _delete(database: Engine, budget: BudgetKey) -> None:
    with writing(database) as connection:
        learned_limit.forget(connection, budget.account, budget.model)
