"""One account's spending on one model."""

from __future__ import annotations

import pytest

from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.limits.book import LimitBook
from mmq.sandbox.limits.budget import Budget
from mmq.sandbox.limits.terms import Growth, Limits, Rule, Window


def admitted(budget: Budget, now: float, tokens: int = 10) -> int:
    """Return 0 if a call is let in, else the code that refuses it."""
    try:
        budget.admit(now, tokens)
    except Refused as refused:
        return refused.code
    return 0


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits.of(rpm=2), 1002),
        (Limits.of(rps=2), 1002),
        (Limits.of(rpm=100, rps=2), 1002),
        (Limits.of(tpm=25), 1039),
        (Limits.of(concurrency=2), 1041),
        (Limits.of(growth=Growth(floor=2)), 2045),
    ],
)
def test_third_call_is_refused_with_the_code_of_the_limit(limits: Limits, code: int) -> None:
    """Each limit has a code of its own."""
    budget = Budget(limits)
    assert [admitted(budget, 1000.0) for _ in range(3)] == [0, 0, code]


def test_refused_call_counts_nothing() -> None:
    """A refusal for tokens leaves the request rate and the calls in flight as they were."""
    budget = Budget(Limits.of(rpm=5, tpm=5, concurrency=5))
    assert admitted(budget, 1000.0) == 1039
    assert (budget.used(1000.0), budget.in_flight) == ({"requests": [0], "tokens": [0]}, 0)


def test_release_makes_room() -> None:
    """Concurrency is given back as calls end; the most seen at once is remembered."""
    budget = Budget(Limits.of(concurrency=1))
    assert admitted(budget, 1000.0) == 0
    budget.release()
    assert admitted(budget, 1000.0) == 0
    assert budget.max_in_flight == 1


def test_growth_allows_a_multiple_of_the_time_before() -> None:
    """Ten calls in ten seconds allow twenty in the next ten, not twenty-one."""
    budget = Budget(Limits.of(growth=Growth(factor=2.0, seconds=10.0, floor=10)))
    assert [admitted(budget, 1000.0 + n) for n in range(10)] == [0] * 10
    assert [admitted(budget, 1012.0) for _ in range(21)][-2:] == [2045, 2045]


def test_refusal_tells_how_long_the_window_is_full() -> None:
    """What a Retry-After would say."""
    budget = Budget(Limits.of(rpm=1))
    budget.admit(1000.0, 1)
    with pytest.raises(Refused) as caught:
        budget.admit(1015.0, 1)
    assert caught.value.wait_s == pytest.approx(45.0)


def test_changed_limits_keep_what_was_counted() -> None:
    """Halving a limit in mid-run does not forget the calls of the running window."""
    book = LimitBook([Rule(Limits.of(rpm=4))])
    budget = book.budget("111", "MiniMax-M2.5")
    assert [admitted(budget, 1000.0) for _ in range(2)] == [0, 0]
    book.add(Rule(Limits.of(rpm=2)))
    assert admitted(budget, 1001.0) == 1002
    book.add(Rule(Limits.of(rpm=3)))
    assert [admitted(budget, 1002.0) for _ in range(2)] == [0, 1002]


def test_last_rule_that_fits_holds() -> None:
    """Rules for an account, a model or both; the later one wins, other budgets keep theirs."""
    book = LimitBook([Rule(Limits.of(rpm=1)), Rule(Limits.of(rpm=2), model="MiniMax-M3")])
    book.add(Rule(Limits.of(rpm=3), account="333", model="MiniMax-M3"))
    wanted = {("111", "MiniMax-M2"): 1, ("111", "MiniMax-M3"): 2, ("333", "MiniMax-M3"): 3}
    assert {key: book.budget(*key).limits.requests[0].limit for key in wanted} == wanted


@pytest.mark.parametrize("window", [(-1, 60.0, "sliding"), (1, 0.0, "sliding"), (1, 60.0, "rolling")])
def test_impossible_window_is_refused(window: tuple[int, float, str]) -> None:
    """Negative limits, no length, an unknown kind."""
    with pytest.raises(ValueError, match="window"):
        Window(*window)  # type: ignore[arg-type]
