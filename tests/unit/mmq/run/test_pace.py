"""Rate and time left."""

from __future__ import annotations

import pytest

from mmq.run.pace import Pace


def test_nothing_is_known_before_anything_moved() -> None:
    """One look is no rate, and a rate of nought promises no end."""
    pace = Pace()
    assert (pace.per_minute, pace.seconds_for(10)) == (0.0, None)
    pace.see(0.0, 5)
    pace.see(10.0, 5)
    assert (pace.per_minute, pace.seconds_for(10)) == (0.0, None)


def test_the_rate_is_that_of_the_last_minute() -> None:
    """60 in the first minute, 120 in the second: 120 a minute, and 40 more take 20 s."""
    pace = Pace()
    for second in range(61):
        pace.see(float(second), second)
    for second in range(61, 121):
        pace.see(float(second), 60 + 2 * (second - 60))
    assert pace.per_minute == pytest.approx(120)
    assert pace.seconds_for(40) == pytest.approx(20)
