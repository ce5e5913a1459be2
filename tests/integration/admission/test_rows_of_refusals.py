"""Refusals in a row, as Lua learns from them and as Python does: at one count and at others, answered and not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.admission_lessons import Book
from support.redis_server import running_redis
from worker.admission.keys import BudgetKey
from worker.admission.learning import Seen, grow
from worker.admission.scripts import Script

STATE = BudgetKey("account", "MiniMax-M2").state
TOLD = {"requests": 1240.0, "tokens": 1_240_000.0, "concurrency": 20.0}


class Row:
    """One budget's lessons, kept by `lua/refuse.lua` in a real Redis and by Python; each step leaves them equal."""

    def __init__(self, client: redis.Redis) -> None:
        self.client, self.book, self.unanswered = client, Book(), 0
        self.script = client.register_script(Script("refuse").source)
        client.flushall()

    def refuse(self, calls: float, second: float, minute: float, dimension: str = "requests") -> None:
        """A call granted since the gate closed last is refused; so many had gone out before it."""
        self._refused(dimension, True, calls, second, minute)
        self.unanswered += 1

    def press(self, calls: float, second: float, minute: float, dimension: str = "requests") -> None:
        """A call that was under way when the gate closed is refused as well."""
        self._refused(dimension, False, calls, second, minute)

    def answer(self) -> None:
        """A call is answered: the refusals before it are over."""
        self.client.hset(STATE, "refusals", 0)
        self.unanswered = 0

    def stay(self, seconds: float, dimension: str = "requests") -> None:
        """Time passes at the limit; that Lua lets it grow as Python does is tested with whole decisions."""
        grown = grow(getattr(self.book.lessons, dimension), seconds * 1e6, ceiling=0.0, start=0.0)
        self.book.lessons = replace(self.book.lessons, **{dimension: grown})
        self.client.hset(STATE, "lessons", self.book.lessons.text)

    def _refused(self, dimension: str, first: bool, *counts: float) -> None:
        told, granted_at = TOLD[dimension], 10**18 if first else 0
        self.script(keys=[STATE], args=[granted_at, 0, 0, dimension, 0, 30e6, 0.2, 300e6, told, *counts])
        self.book.refused(dimension, first, self.unanswered, Seen(*counts, told=told))
        assert self.client.hget(STATE, "lessons").decode() == self.book.lessons.text


@pytest.fixture(scope="module")
def client():
    with running_redis() as server, redis.Redis.from_url(server.unix_url) as connection:
        yield connection


FULL, HALF, OTHER = ("refuse", 20, 20, 900), ("refuse", 10, 10, 600), ("refuse", 14, 14, 700)
STRAY, GONE, BY_MINUTE = ("refuse", 1, 1, 700), ("refuse", 1, 1, 2), ("refuse", 3, 3, 600)
AT_ONCE, ANSWER = ("refuse", 0, 10, 10, "concurrency"), ("answer",)
HALVED = [FULL, *[ANSWER, HALF] * 3]


@pytest.mark.parametrize(
    ("steps", "value", "window_s", "earlier", "hold_s", "agreed"),
    [
        ([FULL], 1202.8, 1, 0, 15, 2),
        (HALVED, 600, 1, 1202.8, 3, 2),
        ([FULL, *[ANSWER, HALF] * 2, ANSWER, ("refuse", 10.5, 10.5, 600)], 600, 1, 1202.8, 3, 2),
        ([FULL, *[ANSWER, HALF, ANSWER, OTHER] * 10], 1202.8, 1, 0, 15, 0),
        ([FULL, HALF, OTHER, HALF], 600, 1, 1202.8, 3, 2),
        ([FULL, STRAY, STRAY], 700, 60, 0, 30, 2),
        ([FULL, STRAY, STRAY, ("refuse", 1, 1, 500), ("refuse", 1, 1, 200), *[GONE] * 10], 125, 60, 0, 30, 11),
        ([*[FULL, ANSWER] * 6], 1130.632, 1, 0, 15, 7),
        ([FULL] * 6, 900, 60, 0, 30, 5),
        ([*[FULL, ANSWER] * 2, ("stay", 17), FULL], 1202.8, 1, 0, 30, 4),
        ([*[FULL, ANSWER] * 2, ("stay", 20), FULL], 1202.8, 1, 0, 30, 4),
        ([*HALVED, ("stay", 7), ANSWER, ("refuse", 12, 12, 700)], 696, 1, 1202.8, 3, 0),
        ([*HALVED, ("stay", 7), ("stay", 4), ANSWER, FULL], 1202.8, 1, 0, 15, 0),
        ([*HALVED, *[ANSWER, HALF] * 29, ("stay", 4), ANSWER, HALF], 545.5, 1, 0, 6, 32),
        ([FULL, ("press", 15, 15, 800), ("press", 2, 2, 100)], 900, 1, 0, 15, 2),
        ([*[BY_MINUTE, ANSWER] * 3, ("stay", 40), ("refuse", 3, 3, 606)], 564.5, 60, 0, 60, 5),
        ([BY_MINUTE, ANSWER, ("refuse", 3, 3, 100)], 180, 1, 600, 3, 3),
        ([AT_ONCE, ANSWER, ("stay", 17, "concurrency"), AT_ONCE, AT_ONCE], 10, 0, 0, 30, 0),
    ],
    ids=[
        "first",
        "believed-at-the-third",
        "the-lesser-count-holds",
        "never-twice-the-same",
        "unanswered-anywhere",
        "unanswered-by-the-minute",
        "all-refused",
        "near-while-held",
        "full-and-unanswered",
        "found-again",
        "found-again-from-afar",
        "doubted-on-the-way-back",
        "back",
        "settled",
        "pressed",
        "by-the-minute",
        "by-the-second-after-all",
        "at-once",
    ],
)
def test_a_row_of_refusals_ends_where_it_should_in_both(client, steps, value, window_s, earlier, hold_s, agreed):
    """The limit, its window, where it hastens back to, how long it is held, and the refusals that agreed."""
    row = Row(client)
    for step, *arguments in steps:
        getattr(row, step)(*arguments)
    lessons = row.book.lessons
    learned = lessons.requests if lessons.requests.top else lessons.concurrency
    assert (learned.value, learned.earlier) == pytest.approx((value, earlier), rel=1e-3)
    assert (learned.window_s, learned.hold_us / 1e6, learned.agreed) == (window_s, hold_s, agreed)


calls = st.sampled_from([1, 3, 10, 10.5, 20, 40])
minutes = st.sampled_from([2, 600, 606, 900, 1200])
kinds = st.sampled_from(["refuse", "refuse", "refuse", "press"])
by_requests = st.builds(lambda kind, calls, minute: (kind, calls, calls, minute), kinds, calls, minutes)
by_tokens = st.builds(
    lambda kind, calls, minute: (kind, calls, 1000 * calls, 1000 * minute, "tokens"), kinds, calls, minutes
)
at_once = st.builds(lambda kind, calls: (kind, 0, calls, calls, "concurrency"), kinds, calls)
stays = st.tuples(st.just("stay"), st.sampled_from([0.5, 4, 17, 40]), st.sampled_from(["requests", *TOLD]))
refused = st.one_of(by_requests, by_requests, by_tokens, at_once)
rows = st.lists(st.tuples(refused, st.integers(1, 12), st.booleans(), st.none() | stays), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows)
def test_lua_learns_from_any_row_of_refusals_as_python_does(client, steps):
    """The same refusal up to twelve times in a row, with an answer after each or none, and time at the limit."""
    row = Row(client)
    for (kind, *counts), times, answered, stay in steps:
        for _ in range(times):
            getattr(row, kind)(*counts)
            if answered:
                row.answer()
        if stay is not None:
            row.stay(*stay[1:])
