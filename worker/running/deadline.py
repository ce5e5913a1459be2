"""Waiting no longer than a job's deadline."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime, timedelta

from models.table import utcnow

_NEVER = nullcontext()  # most jobs have none, and a timer that never rings costs each of their waits 10 µs


def until(deadline: datetime | None) -> AbstractAsyncContextManager[object]:
    """Return a context for `async with` that raises TimeoutError at that moment; None is no limit."""
    if deadline is None:
        return _NEVER
    return asyncio.timeout((deadline - utcnow()) / timedelta(seconds=1))
