"""How long the gate stays closed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.admission_model import BudgetModel
from worker.admission import gate


@pytest.mark.parametrize(
    ("refusals", "retry_after", "jitter", "seconds"),
    [
        *((n, None, 0.0, seconds) for n, seconds in enumerate([1, 2, 4, 8, 16, 30, 30])),
        (10_000, None, 0.0, 30),
        (0, None, 1.0, 1.2),
        (6, None, 0.5, 33),
        (3, 2.5, 0.0, 2.5),
        (0, 0.0, 1.0, 0.0),
        (0, -5.0, 0.0, 0.0),
        (0, 86_400.0, 0.0, 300.0),
    ],
)
def test_the_wait_doubles_up_to_thirty_seconds_or_follows_retry_after(refusals, retry_after, jitter, seconds):
    """`min(2 ** n, 30)`, Retry-After within reason instead of it, and up to a fifth of jitter on either."""
    assert gate.wait(refusals, retry_after, jitter) == pytest.approx(seconds)


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.floats(0, 1000)), st.floats(0, 1)),
        min_size=1,
        max_size=9,
    )
)
def test_the_budget_closes_for_as_long_as_the_formula_says(refusals):
    """Refusals one after the other, each of a call sent once the gate had opened."""
    now = 1_700_000_000_000_000
    model = BudgetModel(now=lambda: now)
    limits = [gate.LONGEST_S * 1e6, gate.JITTER_SHARE, gate.LONGEST_RETRY_AFTER_S * 1e6]
    for count, (retry_after, jitter) in enumerate(refusals):
        wait_us = -1 if retry_after is None else retry_after * 1e6
        closed_us, consecutive = model.refuse([now, wait_us, jitter, "requests", 0, *limits, 0, 0, 0, 0])
        assert consecutive == count + 1
        assert closed_us / 1e6 == pytest.approx(gate.wait(count, retry_after, jitter), abs=1e-5)
        now += closed_us + 1
