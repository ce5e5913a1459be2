"""Looking again and again: soon at first, then less and less often."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
FIRST_POLL_S, LONGEST_POLL_S = 0.02, 0.5


def poll(look: Callable[[], T | None], timeout: float | None, overdue: str) -> T:
    """Look again and again, first quickly and then twice a second, until there is something to see."""
    end = None if timeout is None else time.monotonic() + timeout
    pause = FIRST_POLL_S
    while (seen := look()) is None:
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError(f"{overdue} after {timeout} s")
        time.sleep(pause if left is None else min(pause, left))
        pause = min(pause * 1.5, LONGEST_POLL_S)
    return seen
