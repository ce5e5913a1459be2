"""Noticing what would make a run wait for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmq.local.stack import DatabaseAway
from mmq.report.progress import Pause, Progress
from mmq.run.vigil import (
    CHECK_S,
    DATABASE_BACK,
    PAUSED_AT_MOST_S,
    PAUSED_S,
    REDIS_BACK,
    ROOM_AGAIN,
    AccountPaused,
    Vigil,
)
from worker.errors import Unavailable

BROKE = Pause("account", "default", "1008", "no balance", "top up")


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def vigil(clock: Ticks, check: Callable[[], None] = lambda: None) -> Vigil:
    return Vigil(check, clock=clock)


def test_an_account_that_stays_closed_ends_the_run() -> None:
    """Once nothing is in flight that could open it."""
    clock = Ticks()
    watching = vigil(clock)
    closed = Progress(waiting=5, pauses=[BROKE])
    watching.keep(closed)
    clock.now += PAUSED_S
    watching.keep(Progress(waiting=4, in_flight=1, pauses=[BROKE]))
    with pytest.raises(AccountPaused, match=r"1008: no balance\n +top up"):
        watching.keep(closed)


def test_calls_that_never_end_do_not_hold_up_the_news() -> None:
    """After half a minute it is told anyway."""
    clock = Ticks()
    watching = vigil(clock)
    closed = Progress(in_flight=1, pauses=[BROKE])
    watching.keep(closed)
    clock.now += PAUSED_AT_MOST_S
    with pytest.raises(AccountPaused):
        watching.keep(closed)


def test_a_pause_that_is_lifted_is_forgotten() -> None:
    """One refusal among answers ends nothing; neither does a paused lane."""
    clock = Ticks()
    watching = vigil(clock)
    for pauses in ([BROKE], [], [BROKE], [Pause("lane", "bulk", None, None, None)], [BROKE]):
        watching.keep(Progress(waiting=1, pauses=pauses))
        clock.now += PAUSED_S


def test_another_account_that_serves_the_model_keeps_the_run_going() -> None:
    """However long one is paused; when the other is, too, the run ends."""
    clock = Ticks()
    watching = Vigil(lambda: None, clock=clock, serving=[["default", "spare"]])
    for _ in range(3):
        watching.keep(Progress(waiting=5, pauses=[BROKE]))
        clock.now += PAUSED_AT_MOST_S
    both = Progress(waiting=5, pauses=[BROKE, Pause("account", "spare", None, None, None)])
    watching.keep(both)
    clock.now += PAUSED_S
    with pytest.raises(AccountPaused):
        watching.keep(both)


def test_a_model_whose_accounts_are_paused_ends_the_run_once_nothing_else_goes_on() -> None:
    """Jobs for other models go on, with pauses between their calls; when there are none for half a minute, it ends."""
    clock = Ticks()
    watching = Vigil(lambda: None, clock=clock, serving=[["default"], ["spare"]])
    idle = Progress(waiting=5, pauses=[BROKE])
    for progress in (idle, Progress(waiting=5, in_flight=1, pauses=[BROKE]), idle):
        watching.keep(progress)
        clock.now += PAUSED_AT_MOST_S - 1
    watching.keep(idle)
    clock.now += 1
    with pytest.raises(AccountPaused):
        watching.keep(idle)


def test_trouble_that_may_pass_is_noted_until_it_has() -> None:
    """Redis away: the run waits, and says so; checks are made once a second."""
    clock, answers = Ticks(), [Unavailable("Redis is away"), None]

    def check() -> None:
        if (answer := answers.pop(0)) is not None:
            raise answer

    watching = vigil(clock, check)
    watching.keep(Progress(waiting=1))
    watching.keep(Progress(waiting=1))
    assert watching.note == "Redis is away"
    clock.now += CHECK_S
    watching.keep(Progress(waiting=1))
    assert (watching.note, answers) == ("", [])


def test_each_trouble_that_may_pass_is_kept_apart() -> None:
    """The disk, the database and Redis: each is named while it lasts, and known by what is to be said when it has."""
    clock, disk, stack = Ticks(), ["full", "full", ""], [Unavailable("Redis is away"), DatabaseAway("locked"), None]

    def check() -> None:
        if (answer := stack.pop(0)) is not None:
            raise answer

    watching = Vigil(check, lambda: disk.pop(0), clock)
    seen = []
    for _ in range(3):
        watching.keep(Progress(waiting=1))
        seen.append(dict(watching.amiss))
        clock.now += CHECK_S
    watching.lacks_database("OperationalError: gone")
    assert "gone" in watching.note
    watching.has_database()
    assert not watching.note
    assert seen == [
        {ROOM_AGAIN: "full", REDIS_BACK: "Redis is away"},
        {ROOM_AGAIN: "full", REDIS_BACK: "Redis is away", DATABASE_BACK: "locked"},
        {DATABASE_BACK: "locked"},
    ]
