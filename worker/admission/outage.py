"""Redis is away: how admission bears it, and says so once each way."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError

#: What a lost, refusing or restarting Redis raises. A TimeoutError is asyncio's own.
UNAVAILABLE = (RedisError, OSError, TimeoutError)
FIRST_RETRY_S = 0.05
LONGEST_RETRY_S = 1.0
REASON_LIMIT = 200

logger = logging.getLogger(__name__)


class Outage:
    """Whether Redis is away, as seen by one process. All its budgets share it."""

    def __init__(self) -> None:
        self._retry_s = 0.0

    def away(self, exc: BaseException) -> float:
        """Note a failed call and return the seconds until the next try: 0.05, 0.1, 0.2 … 1."""
        if self._retry_s == 0.0:
            reason = f"{type(exc).__name__}: {exc}"[:REASON_LIMIT]
            logger.warning("redis is away, no call goes out until it is back: %s", reason)
        self._retry_s = min(max(self._retry_s * 2, FIRST_RETRY_S), LONGEST_RETRY_S)
        return self._retry_s

    def back(self) -> None:
        """Note a call that worked."""
        if self._retry_s > 0.0:
            self._retry_s = 0.0
            logger.info("redis is back: calls go out again")
