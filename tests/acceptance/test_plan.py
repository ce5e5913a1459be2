"""`mmq plan`: known before anything is spent."""

from __future__ import annotations

import json
from collections.abc import Callable


def test_a_plan_tells_cost_time_and_every_bad_line_and_touches_nothing(place: Callable[..., tuple]) -> None:
    """Without a key and without a home; as a table for people and as values for programs."""
    mmq, sandbox = place()
    mmq.environ.pop("MINIMAX_API_KEY")
    good = ['{"prompt": "hi"}'] * 600
    source = mmq.write("in.jsonl", *good, *("not json" for _ in range(30)), '{"prompt": "x", "model": "MiniMax-M3"}')
    told = mmq.run("plan", source, "--model", "MiniMax-M2.7", "--json")
    plan = json.loads(told.stdout)
    assert (told.returncode, plan["good"], plan["bad"]) == (3, 601, 30)
    assert [line["line"] for line in plan["bad_lines"]] == list(range(601, 631))
    assert [(each["model"], each["requests"], each["rpm"]) for each in plan["models"]] == [
        ("MiniMax-M2.7", 600, 500.0),
        ("MiniMax-M3", 1, 200.0),
    ]
    assert plan["minutes"] == 1.2
    assert plan["costs"]["USD"] > 0
    shown = mmq.run("plan", source)
    assert "601 prompts can run, 30 lines cannot" in shown.stdout
    assert sum(line.startswith("line 6") for line in shown.stderr.splitlines()) == 30
    assert not mmq.home.exists()
    assert sandbox.stats()["calls"] == 0


def test_a_plan_names_the_answers_that_are_there(place: Callable[..., tuple]) -> None:
    """They would not be paid again."""
    mmq, _ = place(latency_ms=5)
    source = mmq.write("in.txt", "one", "two")
    assert mmq.run("run", source, "-o", "out.jsonl", "-q").returncode == 0
    assert mmq.json("plan", source)["answered"] == 2
    assert "2 answers came in an earlier run" in mmq.run("plan", source).stdout
