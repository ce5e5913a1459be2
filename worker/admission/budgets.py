"""Which budgets Redis knows, for people: those that workers asked about within the last day."""

from __future__ import annotations

import re
from urllib.parse import unquote

from redis.asyncio import Redis

from worker.admission.keys import BudgetKey

_STATES = "mmq:{*}:state"
_STATE = re.compile(r"mmq:\{([^:}]*):([^:}]*)\}:state\Z")
KEYS_A_LOOK = 1000


async def known_budgets(redis: Redis) -> set[BudgetKey]:
    """Return them by looking at the names of all keys: quick, since the backlog is not in Redis.

    Raises:
        redis.RedisError, OSError: Redis is away.
    """
    found = [_budget(key) async for key in redis.scan_iter(match=_STATES, count=KEYS_A_LOOK)]
    return {budget for budget in found if budget is not None}


def _budget(key: bytes | str) -> BudgetKey | None:
    match = _STATE.match(key.decode() if isinstance(key, bytes) else key)
    return BudgetKey(unquote(match[1]), unquote(match[2])) if match else None
