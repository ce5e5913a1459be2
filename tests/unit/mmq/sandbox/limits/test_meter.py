"""Counting in windows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmq.sandbox.limits.meter import Meter
from mmq.sandbox.limits.terms import Kind, Window

STEPS = st.lists(st.tuples(st.floats(0, 3, allow_nan=False), st.integers(1, 4)), max_size=60)


def test_sliding_window_frees_each_spending_after_its_length() -> None:
    """Two at 0 s and one at 0.4 s: at 1 s two are free again, at 1.4 s all."""
    meter = Meter(Window(3, 1.0))
    meter.spend(100.0, 2)
    meter.spend(100.4, 1)
    assert [meter.used(at) for at in (100.4, 100.99, 101.0, 101.4)] == [3, 3, 1, 0]


def test_fixed_window_frees_everything_at_its_boundary() -> None:
    """A window of ten seconds begins at whole tens."""
    meter = Meter(Window(3, 10.0, "fixed"))
    meter.spend(109.9, 3)
    assert [meter.used(at) for at in (109.99, 110.0)] == [3, 0]
    meter.spend(110.0, 1)
    assert [meter.used(at) for at in (119.99, 120.0)] == [1, 0]


@pytest.mark.parametrize(("kind", "wait"), [("sliding", 9.0), ("fixed", 4.0)])
def test_wait_is_until_enough_is_free(kind: Kind, wait: float) -> None:
    """Two of three spent at 105 s; two more fit when those leave."""
    meter = Meter(Window(3, 10.0, kind))
    meter.spend(105.0, 2)
    assert meter.wait_s(106.0, 1) == 0.0
    assert meter.wait_s(106.0, 2) == pytest.approx(wait)


def test_what_never_fits_waits_a_window() -> None:
    """More than the limit cannot be waited for."""
    assert Meter(Window(3, 10.0)).wait_s(0.0, 4) == 10.0


@given(steps=STEPS, kind=st.sampled_from(["sliding", "fixed"]))
def test_no_window_ever_exceeds_its_limit(steps: list[tuple[float, int]], kind: Kind) -> None:
    """Spending only what needs no wait stays within the limit in every window, counted naively."""
    meter, now, spent = Meter(Window(5, 2.0, kind)), 1000.0, []
    for pause, amount in steps:
        now += pause
        fits = meter.wait_s(now, amount) == 0.0
        if kind == "sliding":
            used = sum(n for at, n in spent if at > now - 2.0)
        else:
            used = sum(n for at, n in spent if at // 2.0 == now // 2.0)
        assert fits == (used + amount <= 5)
        if fits:
            meter.spend(now, amount)
            spent.append((now, amount))
