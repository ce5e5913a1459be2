"""`mmq top`: the queue at work, at one look."""

from __future__ import annotations

from collections.abc import Callable


def test_one_look_tells_lanes_budgets_and_the_last_failures(place: Callable[..., tuple]) -> None:
    """For programs as values, into a pipe as text without escapes; a failure with MiniMax's request id."""
    mmq, sandbox = place(latency_ms=5)
    mmq.run("run", mmq.write("in.txt", "good", "[[mmq:1027]] bad"), "-o", "out.jsonl", "-q")
    seen = mmq.json("top")
    (failure,) = seen["failures"]
    assert failure["code"] == "1027"
    assert failure["request_id"] in {entry["request_id"] for entry in sandbox.log()}
    assert [lane["name"] for lane in seen["lanes"]] == ["interactive", "default", "bulk"]
    assert seen["a_minute"] == {"default": 2}
    assert "Redis is away" in seen["note"]
    shown = mmq.run("top")
    assert shown.returncode == 0
    assert failure["request_id"] in shown.stdout
    assert "\x1b" not in shown.stdout
