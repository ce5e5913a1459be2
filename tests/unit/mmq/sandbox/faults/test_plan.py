"""Which behaviours a call gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from mmq.sandbox.contract.call import Call
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.faults.plan import Plan, Planner

MakeCall = Callable[..., Call]
QUIET = Planner(0, {}, frozenset())


@pytest.mark.parametrize(
    ("prompt", "plan"),
    [
        ("hello", Plan()),
        ("[[mmq:1027]] hello", Plan(code=1027)),
        ("hello [[mmq:4711]]", Plan(code=4711)),
        ("[[mmq:stall]]", Plan("stall")),
        ("[[mmq:error_mid_stream]]", Plan("error_mid_stream", 2064)),
        ("[[mmq:error_mid_stream=1008]]", Plan("error_mid_stream", 1008)),
        ("[[mmq:done_sent]][[mmq:pings]]", Plan(quirks=frozenset({"done_sent", "pings"}))),
        ("[[mmq:1002]] [[mmq:retry_after]]", Plan(code=1002, quirks=frozenset({"retry_after"}))),
    ],
)
def test_marker_in_the_prompt_decides(make_call: MakeCall, prompt: str, plan: Plan) -> None:
    """Codes, faults and quirks by name."""
    planner = Planner(0, {}, frozenset())
    assert [planner.plan(make_call(prompt), n) for n in (1, 2)] == [plan, plan]


def test_counted_markers_strike_one_after_the_other(make_call: MakeCall) -> None:
    """Twice 1000, once a stall, then the answer; another prompt has its own count."""
    planner, call = Planner(0, {}, frozenset()), make_call("[[mmq:1000x2]] [[mmq:stallx1]] a")
    outcomes = [planner.plan(call, n).outcome for n in range(1, 6)]
    assert outcomes == ["1000", "1000", "stall", "ok", "ok"]
    assert planner.plan(make_call("[[mmq:1000x2]] [[mmq:stallx1]] b"), 1).outcome == "1000"


def test_misspelt_marker_is_refused(make_call: MakeCall) -> None:
    """Else a test would take a good answer for the behaviour it asked for."""
    with pytest.raises(Refused, match="did you mean 'stall'"):
        QUIET.plan(make_call("[[mmq:stal]]"), 1)


def test_rates_hold_over_many_prompts(make_call: MakeCall) -> None:
    """A tenth 1002, a fifth stalls, a fifth bent: within three standard deviations of 2,000 draws."""
    planner = Planner(7, {"1002": 0.1, "stall": 0.2, "pings": 0.2}, frozenset({"crlf"}))
    plans = [planner.plan(make_call(f"prompt {n}"), 1) for n in range(2000)]
    seen = Counter(plan.outcome for plan in plans)
    assert abs(seen["1002"] - 200) < 41
    assert abs(seen["stall"] - 400) < 54
    assert abs(sum("pings" in plan.quirks for plan in plans) - 400) < 54
    assert all("crlf" in plan.quirks for plan in plans)


def test_chance_follows_the_seed_not_the_order(make_call: MakeCall) -> None:
    """The same seed deals the same faults in whatever order prompts come; another seed deals others."""
    calls = [make_call(f"prompt {n}") for n in range(100)]
    rates = {"1002": 0.5}
    forward = [Planner(1, rates, frozenset()).plan(call, 1).outcome for call in calls]
    planner = Planner(1, rates, frozenset())
    backward = [planner.plan(call, 1).outcome for call in reversed(calls)]
    assert forward == backward[::-1]
    assert forward != [Planner(2, rates, frozenset()).plan(call, 1).outcome for call in calls]


def test_asking_again_draws_again(make_call: MakeCall) -> None:
    """A fault dealt by chance does not stick to its prompt for ever."""
    planner = Planner(1, {"1002": 0.5}, frozenset())
    assert {planner.plan(make_call("hello"), n).outcome for n in range(1, 30)} == {"ok", "1002"}
