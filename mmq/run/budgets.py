"""Looking at every budget: what configuration, people and workers say of it; and forgetting what was learned."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from redis.exceptions import RedisError
from sqlalchemy import Engine

from mmq.report.budgets import Allowance, BudgetView
from models import set_limits
from models.session import reading
from models.table import Row
from worker.admission.budgets import known_budgets
from worker.admission.connection import connect
from worker.admission.keys import BudgetKey
from worker.admission.learning import Lessons
from worker.admission.reset import forget
from worker.admission.status import BudgetStatus, read_status
from worker.routing.accounts import Budget
from worker.settings import Settings

AWAY = "Redis is away: no call goes out until it is back, and what is spent is not known"


def look(settings: Settings, database: Engine, account: str | None, model: str | None) -> tuple[list[BudgetView], str]:
    """Return the budgets of an account and a model (None: of all), and a note on what could not be seen."""
    with reading(database) as connection:
        people = {BudgetKey(row.account, row.model): row for row in set_limits.all_set(connection)}
    named = {BudgetKey(payer.name, of) for payer in settings.payers for of in payer.budgets}
    statuses, note = asyncio.run(_statuses(settings.redis_url, named | people.keys()))
    wanted = [
        budget
        for budget in sorted(statuses, key=lambda budget: (budget.account, budget.model))
        if account in (None, budget.account) and model in (None, budget.model)
    ]
    return [_view(settings, budget, people.get(budget), statuses[budget]) for budget in wanted], note


def reset(settings: Settings, database: Engine, budget: BudgetKey) -> None:
    """Forget what was learned of a budget, in Redis and in SQL.

    Raises:
        redis.RedisError, OSError: Redis is away, and nothing is forgotten: workers would write it again.
    """
    asyncio.run(_reset(settings.redis_url, database, budget))


async def _reset(redis_url: str, database: Engine, budget: BudgetKey) -> None:
    redis = connect(redis_url)
    try:
        await forget(redis, database, budget)
    finally:
        await redis.aclose()


async def _statuses(redis_url: str, budgets: Iterable[BudgetKey]) -> tuple[dict[BudgetKey, BudgetStatus | None], str]:
    redis = connect(redis_url)
    try:
        known = await known_budgets(redis)
        found = {budget: await read_status(redis, budget) if budget in known else None for budget in {*budgets, *known}}
    except (RedisError, OSError):
        return dict.fromkeys(budgets), AWAY
    finally:
        await redis.aclose()
    return found, ""


def _view(settings: Settings, budget: BudgetKey, people: Row | None, status: BudgetStatus | None) -> BudgetView:
    configured = next(
        (payer.budget_of(budget.model) for payer in settings.payers if payer.name == budget.account), None
    )
    used = {
        "rpm": status.requests_last_minute if status else None,
        "tpm": status.tokens_last_minute if status else None,
        "concurrency": status.in_flight if status else None,
    }
    lessons = status.lessons if status else Lessons()
    taught = (lessons.requests.value, lessons.tokens.value, lessons.concurrency.value)
    learned = dict(zip(set_limits.DIMENSIONS, taught, strict=True))
    limits = {
        name: Allowance(
            configured=getattr(configured or Budget(), name),
            set=getattr(people, name, None),
            learned=learned.get(name) or None,
            in_force=getattr(status, name, None),
            used=used[name],
        )
        for name in set_limits.DIMENSIONS
    }
    if status is None:
        return BudgetView(budget.account, budget.model, limits)
    return BudgetView(
        budget.account,
        budget.model,
        limits,
        gate_s=status.gate_s,
        refusals=status.refusals,
        refused=status.refused,
        waiting=status.waiting,
    )
