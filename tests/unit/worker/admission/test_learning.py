"""The arithmetic of learned limits, by the numbers of its docstrings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.admission.falling import fall, fall_at_once, press, press_at_once
from worker.admission.learning import (
    BRIEF_HOLD_US,
    FIRST_HOLD_US,
    MINUTE_HOLD_US,
    Learned,
    Lessons,
    Seen,
    flatten,
    grow,
    steepen,
)

TAUGHT = Learned(1200, 1200, 0.0, FIRST_HOLD_US, 20, 20, 1)
figures = st.floats(0, 1e9, allow_nan=False)


def grown(learned: Learned, seconds: int, ceiling: float = 0.0, start: float = 0.0) -> float:
    """The value after so many seconds at the limit, asked twenty times a second."""
    for _ in range(seconds * 20):
        learned = grow(learned, 50_000, ceiling=ceiling, start=start)
    return learned.value


@pytest.mark.parametrize(("seconds", "value"), [(17, 987), (35, 2026)])
def test_a_start_without_refusals_doubles_every_17_seconds(seconds, value):
    """From 500, until something is refused."""
    assert grown(Learned(), seconds, start=500) == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize(("seconds", "value"), [(15, 1200), (17, 1224), (19, 1323), (30, 2054)])
def test_a_limit_that_was_found_is_held_and_then_left_along_a_cubic_curve(seconds, value):
    """Hardly at first, in great strides in the end."""
    assert grown(TAUGHT, seconds) == pytest.approx(value, rel=0.002)


def test_a_concurrency_is_left_in_strides_of_its_own_hold_not_of_a_minutes():
    """Ten found in flight: ten for 15 s, 11.6 at 45 s; a rate counted by the minute is held for twice as long."""
    found = fall_at_once(Learned(), Seen(0, 10, 10, told=20))
    assert [grown(found, seconds) for seconds in (15, 45)] == pytest.approx([10, 11.6], rel=0.002)
    by_the_minute = replace(TAUGHT, window_s=60, hold_us=MINUTE_HOLD_US)
    assert [grown(by_the_minute, seconds) for seconds in (30, 90)] == pytest.approx([1200, 1392], rel=0.002)


def test_a_ceiling_is_never_passed_and_a_minute_there_ends_the_lesson():
    """Until then it is known where the limit was; and what is told from the beginning never grows."""
    assert grown(TAUGHT, 60, ceiling=1250) == 1250
    assert grown(TAUGHT, 76, ceiling=1250) == 0
    assert grow(Learned(), 1e6, ceiling=1250, start=500) == Learned()
    assert grow(Learned(), 1e6, ceiling=0, start=0) == Learned()


@pytest.mark.parametrize("learned", [TAUGHT, Learned(1000.0)])
def test_a_lower_limit_set_for_a_while_leaves_the_lesson_as_it_was(learned):
    """Sixty a minute for an hour, and then none again: what was learned holds."""
    assert grow(learned, 3600e6, ceiling=60, start=500) == learned


def test_a_start_that_was_never_refused_does_not_outgrow_a_ceiling():
    """It stops there, and goes on from there when the ceiling is gone."""
    assert grown(Learned(1000.0), 600, ceiling=1250) == 1250


def test_a_limit_that_fell_hastens_back_to_where_it_was_and_is_held_there():
    """Half of 1,200 was found: 600 for 3 s, 696 at 7 s, 1,200 at 11 s, and still 10 s later."""
    fallen = replace(TAUGHT, value=600, top=600, hold_us=BRIEF_HOLD_US, earlier=1200)
    assert [grown(fallen, seconds) for seconds in (3, 7, 11, 21)] == pytest.approx([600, 696, 1200, 1200], rel=0.003)


@pytest.mark.parametrize(
    ("learned", "seen", "value", "window_s"),
    [
        (Learned(), Seen(20, 20, 20, told=2400), 1188, 1),
        (Learned(), Seen(40, 40, 1200, told=2400), 2328, 1),
        (Learned(), Seen(5, 5, 60, told=1200), 1200, 1),
        (Learned(), Seen(10, 5000, 5000, told=0), 300_000, 1),
        (Learned(), Seen(0, 0, 0, told=0), 0, 0),
        (TAUGHT, Seen(10, 10, 900, told=0), 1200, 1),
        (replace(TAUGHT, second=10, agreed=1), Seen(10.5, 10.5, 900, told=0), 600, 1),
        (replace(TAUGHT, second=10, agreed=1), Seen(14, 14, 900, told=0), 1200, 1),
        (replace(TAUGHT, value=1224, age_us=2e7, agreed=2), Seen(20, 20, 1200, told=0), 1200, 1),
        (replace(TAUGHT, value=2054, age_us=3e7, agreed=2), Seen(20, 20, 1200, told=0), 1200, 1),
        (replace(TAUGHT, value=2000, age_us=3e7), Seen(32.5, 32.5, 1200, told=0), 1940, 1),
        (replace(TAUGHT, value=800, top=600, earlier=1200, age_us=2e7), Seen(13, 13, 700, told=0), 800, 1),
        (replace(TAUGHT, age_us=5e6, agreed=2), Seen(20, 20, 1200, told=0), 1200, 1),
        (replace(TAUGHT, age_us=5e6, agreed=3), Seen(20, 20, 1200, told=0), 1164, 1),
        (replace(TAUGHT, age_us=5e6, value=1130, agreed=9), Seen(20, 20, 1200, told=0), 1128, 1),
        (replace(TAUGHT, minute=700), Seen(0, 0, 700, told=0, again=1), 1200, 1),
        (replace(TAUGHT, minute=700), Seen(0, 0, 700, told=0, again=2), 700, 60),
        (replace(TAUGHT, window_s=60, minute=1200), Seen(0, 0, 900, told=0, again=1), 900, 60),
        (replace(TAUGHT, window_s=60, minute=1200), Seen(0, 0, 1300, told=0, again=1), 1200, 60),
        (replace(TAUGHT, window_s=60, minute=1200), Seen(15, 15, 900, told=0), 1200, 60),
    ],
    ids=[
        "told-twice",
        "no-news",
        "more-was-let-through",
        "never-told",
        "nothing",
        "doubted",
        "believed",
        "elsewhere",
        "probed",
        "probed-late",
        "risen",
        "on-its-way-back",
        "odd",
        "slightly",
        "least-held",
        "unanswered",
        "unanswered-often",
        "drains",
        "still-full",
        "doubted-by-the-minute",
    ],
)
def test_a_rate_falls_to_what_was_let_through(learned, seen, value, window_s):
    """As far as the refusal is believed, by the second or by the minute."""
    fallen = fall(learned, seen)
    assert (fallen.value, fallen.window_s) == (pytest.approx(value), window_s)


def test_a_limit_found_again_is_held_twice_as_long_and_another_anew():
    """15 s, 30, 60, 120 s and no longer; below what was let through before 3 s; by the minute it begins with 30 s."""
    learned, holds = fall(Learned(), Seen(20, 20, 20, told=1240)), []
    for _ in range(5):
        holds.append(learned.hold_us / FIRST_HOLD_US)
        learned = fall(replace(learned, age_us=learned.hold_us), Seen(20, 20, 20, told=1240))
    assert holds == [1, 2, 4, 8, 8]
    for _ in range(3):
        learned = fall(learned, Seen(9, 9, 9, told=1240))
    assert (learned.value, learned.hold_us, learned.earlier) == (540, BRIEF_HOLD_US, pytest.approx(1202.8))
    assert fall(Learned(), Seen(0, 0, 100, told=200)).hold_us == MINUTE_HOLD_US


def test_a_limit_found_again_ever_so_often_is_settled():
    """After 32 refusals at the same count it no longer hastens back, and is held as long as any other."""
    learned = replace(TAUGHT, value=600, top=600, second=10, hold_us=8 * BRIEF_HOLD_US, earlier=1200, agreed=30)
    probe = Seen(10, 10, 600, told=0)
    learned = fall(replace(learned, value=612, age_us=3e7), probe)
    assert (learned.earlier, learned.hold_us) == (1200, 8 * BRIEF_HOLD_US)
    learned = fall(replace(learned, value=612, age_us=3e7), probe)
    assert (learned.earlier, learned.hold_us) == (0, 16 * BRIEF_HOLD_US)


@pytest.mark.parametrize(
    ("counts", "value"), [([1150, 1100, 1000, 900, 580, 5], 290), ([1150, 700, 500, 300, 20, 2], 150)]
)
def test_a_provider_that_refuses_everything_teaches_no_more_once_a_minute_has_emptied(counts, value):
    """Refused a hundred times without an answer, a limit of 1,200 is no lower than after the sixth time."""
    learned = TAUGHT
    for again, minute in enumerate([*counts, *[2] * 94]):
        learned = fall(learned, Seen(1, 1, minute, told=1200, again=again))
    assert learned.value == value


def test_refusals_of_calls_that_were_under_way_only_press_it_down():
    """The least of their counts holds; a higher one changes nothing."""
    assert press(TAUGHT, Seen(19, 19, 30, told=0)).value == 1140
    assert press(TAUGHT, Seen(25, 25, 30, told=0)) == TAUGHT
    doubted = replace(TAUGHT, age_us=1e6)
    assert press(doubted, Seen(19, 19, 30, told=0)) == doubted
    assert press_at_once(Learned(10, 10), Seen(0, 8, 8, told=0)).value == 8
    assert press_at_once(Learned(10, 10), Seen(0, 12, 12, told=0)).value == 10


def test_a_provider_that_refuses_every_call_does_not_take_a_concurrency_to_one():
    """After the first of them one call at a time feels the way, and what is in flight beside it is no measure."""
    learned = fall_at_once(Learned(), Seen(0, 10, 10, told=20))
    for again in range(1, 9):
        learned = fall_at_once(learned, Seen(0, 1, 1, told=20, again=again))
    assert learned.value == 10


@pytest.mark.parametrize(
    ("limit", "told", "in_flight", "again", "value"),
    [(0, 20, 10, False, 10), (10, 20, 10, False, 9), (10, 20, 10, True, 10), (1, 1, 0, False, 1), (0, 0, 7, False, 7)],
)
def test_a_concurrency_falls_to_what_was_in_flight(limit, told, in_flight, again, value):
    """Or by one, and never below one."""
    assert fall_at_once(Learned(limit), Seen(0, in_flight, in_flight, told, again)).value == value


def test_a_slope_halves_its_rise_with_each_refusal_and_doubles_it_each_minute():
    """2, 1.5, 1.25, 1.125, 1.1; then up to 4, and it is forgotten."""
    slope, down, up = Learned(), [], []
    for _ in range(6):
        slope = flatten(slope)
        down.append(slope.value)
    for _ in range(6):
        slope = steepen(steepen(slope, 59e6), 1e6)
        up.append(round(slope.value, 3))
    assert down == [2, 1.5, 1.25, 1.125, 1.1, 1.1]
    assert up == [1.2, 1.4, 1.8, 2.6, 0, 0]


@given(st.lists(figures, min_size=36, max_size=36))
def test_lessons_travel_as_text_without_loss(numbers):
    """Every figure comes back exactly; nothing learned is no text."""
    lessons = Lessons(*(Learned(*numbers[at : at + 9]) for at in range(0, 36, 9)))
    assert Lessons.from_text(lessons.text) == lessons
    assert Lessons().text == ""
    bare = " ".join(lessons.text.split()[:28])  # as they were written before there were further figures
    assert Lessons.from_text(bare) in {Lessons(), Lessons(*(Learned(*numbers[at : at + 7]) for at in range(0, 36, 9)))}


@given(figures, figures, figures, figures, st.integers(0, 9), st.builds(Learned, figures, figures, figures, figures))
def test_no_refusal_raises_a_limit(calls, second, minute, told, again, learned):
    """Whatever was counted, and never to nothing."""
    limit = learned.value or told
    fallen = fall(learned, Seen(calls, second, minute, told, again))
    assert fallen.value <= max(limit, 1.0) or limit == 0
    assert fallen.value >= 1.0 or fallen.value == learned.value


def test_one_refusal_of_a_quiet_budget_takes_half_at_most() -> None:
    """A single call in the last minute is no measure of the limit: 500 becomes 250, not one call a minute."""
    fallen = fall(Learned(), Seen(calls=1, second=1, minute=1, told=500))
    assert fallen.value == 250
    assert press(fallen, Seen(calls=1, second=1, minute=2, told=500)) == fallen
    assert fall_at_once(Learned(), Seen(calls=1, second=0, minute=1, told=20)).value == 10
