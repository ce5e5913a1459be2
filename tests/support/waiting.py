"""Waiting on a condition, since processes and servers are ready when they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LIMIT_S = 20.0  # generous: it is only reached when the test fails anyway


def eventually(condition: Callable[[], T]) -> T:
    """Return the first true answer of the condition; fail after LIMIT_S."""
    deadline = time.monotonic() + LIMIT_S
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not true within {LIMIT_S} s: {condition}"
        time.sleep(0.01)
    return answer
