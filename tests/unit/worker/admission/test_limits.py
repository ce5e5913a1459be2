"""The arithmetic of limits, and that nonsense is refused."""

from __future__ import annotations

import pytest

from worker.admission.limits import Limits, Policy


@pytest.mark.parametrize(
    ("limits", "request_us", "token_us", "slots"),
    [
        (Limits(), 0.0, 0.0, 0),
        (Limits(rpm=20), 3_045_685, 0.0, 0),
        (Limits(rpm=1200), 50_761, 0.0, 0),
        (Limits(tpm=10_000_000), 0.0, 6.0914, 0),
        (Limits(concurrency=9), 0.0, 0.0, 0),
        (Limits(concurrency=25), 0.0, 0.0, 2),
        (Limits(concurrency=25, interactive_reserve=0.0), 0.0, 0.0, 0),
    ],
)
def test_limits_become_intervals_and_reserved_slots(limits, request_us, token_us, slots):
    """A minute over 98.5 % of the rate, 0 where there is none, and whole calls of the reserve."""
    assert limits.request_interval_us == pytest.approx(request_us, abs=1)
    assert limits.token_interval_us == pytest.approx(token_us, abs=1e-4)
    assert limits.reserved_slots == slots


@pytest.mark.parametrize(
    ("field", "value"),
    [("rpm", 0), ("rpm", -1), ("tpm", 0), ("concurrency", 0), ("burst_s", -0.1), ("interactive_reserve", 1.0)],
)
def test_limits_that_let_nothing_out_are_refused(field, value):
    """The message names the field and the value."""
    with pytest.raises(ValueError, match=rf"{field} must .* {value}"):
        Limits(**{field: value})


def test_a_lease_outlasts_two_lost_heartbeats():
    """Otherwise a living worker's calls would be forgotten, and others let in on top of them."""
    assert Policy().lease_s >= 3 * Policy().heartbeat_s
