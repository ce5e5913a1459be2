"""The clock of Redis, as a process bounds it from the answers it gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.admission.clock import RedisClock


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1))
def test_the_clock_of_redis_stays_within_what_each_answer_proves(answers):
    """After each answer its moment lies between the asking and the receipt, however slow the ways were."""
    clock, now = RedisClock(), 0.0
    for pause, there, back in answers:
        sent, told = now + pause, now + pause + there
        clock.heard(round(told * 1e6) + 5_000_000, sent, told + back)
        assert sent - 1e-5 <= clock.loop_time(round(told * 1e6) + 5_000_000) <= told + back + 1e-5
        now = told + back


def test_a_slow_answer_does_not_move_the_clock_and_a_clock_that_is_set_does():
    """The quickest answer counts, until one contradicts it."""
    clock = RedisClock()
    clock.heard(1_000_000, 10.0, 10.001)
    clock.heard(2_000_000, 10.9, 11.5)
    assert clock.loop_time(2_000_000) == pytest.approx(11.001)
    clock.heard(3_000_000, 22.0, 22.5)
    assert clock.loop_time(3_000_000) == pytest.approx(22.0)
