"""Waiting on conditions that may take longer than `waiting.eventually` allows: leases, outages, a loaded machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_S = 0.05


def within(limit_s: float, condition: Callable[[], T], what: Callable[[], str] = lambda: "") -> T:
    """Return the first true answer of the condition; fail after `limit_s` seconds with what `what` says."""
    deadline = time.monotonic() + limit_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not true within {limit_s:g} s: {condition}\n{what()}"
        time.sleep(LOOK_S)
    return answer
