"""Comparing clocks, with our own uncertainty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mmq.doctor.check import Level
from mmq.doctor.clock import compare

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("theirs_s", "took_s", "level", "said"),
    [
        (0.0, 0.0, Level.OK, "agrees"),
        (1.5, 0.0, Level.OK, "agrees"),
        (-1.5, 0.0, Level.OK, "agrees"),
        (3.0, 4.0, Level.OK, "agrees"),  # the answer may have been given at any moment while we waited
        (3.0, 0.0, Level.WARN, "3.0 s ahead of ours"),
        (-3.0, 0.0, Level.WARN, "3.0 s behind ours"),
        (60.0, 1.0, Level.WARN, "59.0 s ahead of ours"),
        (-60.0, 1.0, Level.WARN, "60.0 s behind ours"),
    ],
)
def test_a_clock_that_differs_noticeably_is_a_warning(theirs_s, took_s, level, said):
    """Two seconds are noticeable; however many they are, no worker is taken for dead by them."""
    after = NOON + timedelta(seconds=took_s)
    check = compare("Redis", NOON + timedelta(seconds=theirs_s), NOON, after)
    assert (check.level, said in check.found) == (level, True)
