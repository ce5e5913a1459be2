"""How a lane's window follows its speed, and which messages have had their turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from worker.feeding.pace import LEAST, SPAN_S, Pace

START = datetime(2026, 1, 1, tzinfo=UTC)


def drain(pace: Pace, per_s: float, seconds: float, *, calls: float = 1e6, step_s: float = 0.05) -> int:
    """Let a lane with an endless backlog be drained at a rate, as far as it is filled, and return its last window."""
    under_way, owed, window = 0, 0.0, 0
    for look in range(int(seconds / step_s)):
        now = look * step_s
        pace.look(now, START + timedelta(seconds=now), under_way)
        window = pace.window(1, calls)
        pace.fed(max(0, window - under_way))
        under_way = max(under_way, window)
        owed += per_s * step_s
        claimed = min(int(owed), under_way)
        under_way, owed = under_way - claimed, min(owed - claimed, 1.0)
    return window


@pytest.mark.parametrize("per_s", [10, 100, 1000])
def test_a_window_holds_some_seconds_of_work(per_s: int) -> None:
    """At any rate it settles at what is claimed in its span, from nothing and within a second or so."""
    assert drain(Pace(), per_s, seconds=SPAN_S + 1) == pytest.approx(per_s * SPAN_S, rel=0.1)


def test_from_nothing_it_is_as_wide_as_that_within_some_looks() -> None:
    """Workers that take all they are given, a thousand a second, have it after a quarter of a second."""
    assert drain(Pace(), 1000, seconds=0.3, calls=1000) >= 200


def test_a_lane_starts_until_its_window_is_wide_or_it_turns_out_slow() -> None:
    """It starts with the first window, and is over when the calls are filled or half a second has passed."""
    pace = Pace()
    pace.look(0.0, START, 0)
    assert not pace.starting, "nothing is known of it"
    pace.window(1, 4)
    assert pace.starting
    pace.fed(LEAST)
    pace.look(0.1, START, 0)
    pace.window(1, 4)
    assert not pace.starting, "two calls of four were claimed in a tenth of a second"
    slow = Pace()
    slow.look(0.0, START, 0)
    slow.fed(LEAST)
    slow.look(0.6, START, 1)
    slow.window(1, 4)
    assert not slow.starting


def test_a_slow_lane_has_its_least() -> None:
    """At 20 a minute two jobs are under way, so that the next is at hand when one goes."""
    assert drain(Pace(), 20 / 60, seconds=30) == LEAST


@pytest.mark.parametrize("after_s", [0.05, 0.2, 0.4, 1.0])
def test_a_slow_lane_does_not_start_anew_with_each_claim(after_s: float) -> None:
    """One claimed in three seconds is a slow lane, however lately: four for each would be a start's."""
    pace = Pace()
    pace.look(0.0, START, 0)
    pace.fed(2)
    pace.look(3.0, START, 2)
    pace.look(3.0 + after_s, START, 1)
    assert pace.window(1, 50) == LEAST


def test_a_window_is_bounded_by_the_calls() -> None:
    """However fast jobs are claimed, two for each call that could be made, or half a second's work if that is more."""
    assert drain(Pace(), 300, seconds=3, calls=100) == 200
    assert drain(Pace(), 1000, seconds=3, calls=100) == pytest.approx(500, rel=0.05)


def test_a_lane_without_workers_has_no_window() -> None:
    """Nobody would claim what is fed."""
    assert Pace().window(0, 0) == 0


def test_a_window_shrinks_when_its_lane_stands_still() -> None:
    """What a closed gate holds up is not fed: the window is its least again once the span has passed."""
    pace = Pace()
    drain(pace, 100, seconds=3)
    pace.look(3 + SPAN_S + 0.1, START, pace._under_way)
    assert pace.window(1, 1000) == LEAST


def test_a_message_is_passed_once_all_before_it_were_claimed() -> None:
    """Three under way when a moment is noted: it has passed when three more were claimed, one of them being lost."""
    pace = Pace()
    pace.look(0.0, START, 0)
    assert pace.passed() == START
    pace.fed(3)
    noted = START + timedelta(seconds=1)
    pace.look(1.0, noted, 3)
    pace.look(1.1, noted, 1)
    assert pace.passed() == START
    pace.fed(2)
    pace.look(1.2, noted, 2)
    assert pace.passed() == noted


def test_nothing_passes_while_nothing_is_claimed() -> None:
    """Workers busy with long calls for ten minutes lose no message."""
    pace = Pace()
    pace.look(0.0, START, 0)
    pace.fed(5)
    for second in range(1, 600):
        pace.look(float(second), START + timedelta(seconds=second), 5)
    assert pace.passed() == START
