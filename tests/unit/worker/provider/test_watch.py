from __future__ import annotations

import pytest

from worker.provider.account import Timeouts
from worker.provider.watch import TAIL_SECONDS, Watch


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("limit", "elapsed", "until", "cause"),
    [
        ("first_byte", 0, 130, "first_byte_timeout"),
        ("idle", 0, 110, "idle_timeout"),
        ("idle", 25, 135, "idle_timeout"),
        ("idle", 55, 160, "total_timeout"),
        ("tail", 0, 100 + TAIL_SECONDS, "idle_timeout"),
        ("tail", 58, 160, "total_timeout"),
        ("first_byte", 40, 160, "total_timeout"),
    ],
)
def test_the_nearer_limit_rules(limit: str, elapsed: float, until: float, cause: str) -> None:
    """Each wait has its own limit, none reaches beyond the total, and what ran out is named."""
    clock = Clock()
    watch = Watch(Timeouts(first_byte=30, idle=10, total=60), clock)
    clock.now += elapsed
    assert getattr(watch, limit)() == until
    assert (watch.cause, watch.elapsed) == (cause, elapsed)
