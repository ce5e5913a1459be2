"""How many jobs a worker claims, as its grants come."""

from __future__ import annotations

from worker.running.holding import Holding
from worker.running.restraint import LEAST, SEEN_S, SPAN_S, Restraint


def claim(restraint: Restraint, model: str, *jobs: str, now: float = 0.0) -> None:
    """Take jobs in hand."""
    for job in jobs:
        restraint.claimed(job, model, now)


def test_nothing_is_claimed_beside_the_least_until_a_grant_comes() -> None:
    """Two wait: no more. One gives up: one more."""
    restraint = Restraint()
    assert restraint.room(0.0) == LEAST
    claim(restraint, "m", "a", "b")
    assert restraint.room(0.0) == 0
    restraint.ended("b")
    assert restraint.room(0.1) == 1


def test_a_limit_that_holds_up_a_job_ends_the_haste_of_a_start() -> None:
    """Ten calls may be out at once: beside the ten that went at once only ten more wait, not forty."""
    restraint = Restraint()
    for job in range(10):
        claim(restraint, "m", str(job))
        restraint.granted(str(job), "m", 0.1)
    assert restraint.room(0.1) == 40
    claim(restraint, "m", "held", now=0.1)
    restraint.denied("held")
    assert restraint.held_up
    assert restraint.room(0.1) == 9
    restraint.granted("held", "m", 0.2)
    assert not restraint.held_up
    assert restraint.room(0.2) == 44


def test_room_grows_with_grants_and_falls_when_they_cease() -> None:
    """As many may wait as are granted in two seconds, at the rate of late: from a start four for each grant."""
    restraint = Restraint()
    claimed, rooms = 0, []
    for step in range(4):
        room = restraint.room(step / 10)
        rooms.append(room)
        for _ in range(room):
            claim(restraint, "m", str(claimed), now=step / 10)
            restraint.granted(str(claimed), "m", step / 10)
            claimed += 1
    assert rooms == [2, 8, 40, 200]
    assert restraint.enough() == 250
    assert restraint.room(0.5 + SPAN_S + 0.1) == LEAST == restraint.enough()


def test_a_model_that_stands_still_does_not_hold_up_another() -> None:
    """Its jobs pile up, while one that is granted goes on; unseen for a minute, that one is waited for no more."""
    restraint = Restraint()
    claim(restraint, "slow", "s-1", "s-2", "s-3")
    assert restraint.room(0.0) < 0
    restraint.granted("f-1", "fast", 0.0)
    assert restraint.room(SPAN_S) == LEAST
    assert restraint.room(10.0) == LEAST
    restraint.claimed("s-4", "slow", SEEN_S)
    assert restraint.room(SEEN_S + 0.1) < 0


def test_retries_count_as_grants_and_as_nothing_else() -> None:
    """A job admitted again waits in its own time: it takes no room from others while it does."""
    restraint = Restraint()
    claim(restraint, "m", "a")
    for _ in range(3):
        restraint.granted("a", "m", 1.0)
    assert restraint.room(1.0 + SPAN_S) == 3


def test_a_grant_is_soon_as_long_as_grants_come() -> None:
    """At ten a second one waiter is served within 0.15 s, two are not; nobody is when grants have ceased."""
    restraint = Restraint()
    assert not restraint.soon("m", 0.0)
    for number in range(20):
        restraint.granted(f"went-{number}", "m", number / 10)
    claim(restraint, "m", "a", now=1.9)
    assert restraint.soon("m", 1.9)
    claim(restraint, "m", "b", now=1.9)
    assert not restraint.soon("m", 1.9)
    restraint.ended("a")
    restraint.ended("b")
    assert restraint.soon("m", 1.9)
    assert not restraint.soon("m", 1.9 + SPAN_S + 0.1)


def test_what_is_admitted_in_a_moment_follows_the_last_two_seconds() -> None:
    """A hundred in two seconds are five in a tenth of one; grants that came before count no more."""
    restraint = Restraint()
    for number in range(100):
        restraint.granted(str(number), "m", 1.0)
    assert restraint.admitted_in(0.1, 1.0 + SPAN_S) == 5
    assert restraint.admitted_in(0.1, 1.1 + SPAN_S) == 0


def test_a_job_claimed_anew_counts_apart_from_its_first_execution() -> None:
    """Both end, and nothing waits: what is left over would keep the worker from claiming."""
    restraint = Restraint()
    for claim in (1, 2):
        restraint.claimed(Holding("job", claim), "M", 0.0)
    for claim in (1, 2):
        restraint.ended(Holding("job", claim))
    assert restraint.room(0.0) == LEAST
