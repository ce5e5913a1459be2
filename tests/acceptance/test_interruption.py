"""Runs that end early: by signals, by an account in trouble, by a worker that dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from support.command_line import finished
from support.waiting import eventually

PROMPTS = [f"Prompt number {number}" for number in range(40)]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_goes_on_where_it_was(place: Callable[..., tuple], number: int, code: int) -> None:
    """Calls in flight finish and are written, nothing is left running, and nothing is asked twice."""
    mmq, sandbox = place(latency_ms=800)
    source = mmq.write("in.txt", *PROMPTS)
    process = mmq.start("run", source, "-o", "out.jsonl")
    eventually(lambda: sandbox.stats()["answered"] >= 5)
    process.send_signal(number)
    stopped = finished(process)
    assert stopped.returncode == code, stopped.stderr
    assert mmq.nothing_runs()
    assert "the same command goes on" in stopped.stderr
    written = len(mmq.read("out.jsonl"))
    assert 5 <= written == sandbox.stats()["answered"] < len(PROMPTS)

    again = mmq.run("run", source, "-o", "out.jsonl")
    assert again.returncode == 0, again.stderr
    assert [line["custom_id"] for line in mmq.read("out.jsonl")] == [f"line-{n}" for n in range(1, len(PROMPTS) + 1)]
    assert {(row["asked"], row["answered"]) for row in sandbox.prompts().values()} == {(1, 1)}
    assert f"{written} answers had come in an earlier run" in again.stderr


def test_a_second_signal_does_not_wait_for_calls_in_flight(place: Callable[..., tuple]) -> None:
    """They get some seconds more; what they would have answered is asked again by the next run."""
    mmq, sandbox = place(latency_ms=600_000)
    process = mmq.start("run", mmq.write("in.txt", "slow"), "-o", "out.jsonl")
    eventually(lambda: sandbox.stats()["in_flight"] == 1)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "stopping" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    assert finished(process).returncode == 130
    eventually(mmq.nothing_runs)


def test_an_account_in_trouble_ends_the_run_with_its_remedy(place: Callable[..., tuple]) -> None:
    """Exit 2; the jobs wait; the same command with a good key answers them."""
    mmq, _ = place()
    source = mmq.write("in.txt", *PROMPTS[:5])
    stopped = mmq.run("run", source, "-o", "out.jsonl", MINIMAX_API_KEY="not-the-key")
    assert stopped.returncode == 2, stopped.stderr
    assert "account default is paused by MiniMax's" in stopped.stderr
    assert "not-the-key" not in stopped.stderr
    assert mmq.read("out.jsonl") == []
    assert mmq.nothing_runs()
    assert mmq.run("run", source, "-o", "out.jsonl", "-q").returncode == 0
    assert len(mmq.read("out.jsonl")) == 5


def test_a_fresh_run_that_cannot_begin_takes_no_answers_away(place: Callable[..., tuple]) -> None:
    """OUT keeps what it held until there is something new; how to go on does not begin anew once more."""
    mmq, sandbox = place()
    source = mmq.write("in.txt", *PROMPTS[:3])
    assert mmq.run("run", source, "-o", "out.jsonl", "-q").returncode == 0
    before = mmq.read("out.jsonl")
    stopped = mmq.run("run", source, "-o", "out.jsonl", "--fresh", MINIMAX_API_KEY="not-the-key")
    assert stopped.returncode == 2, stopped.stderr
    assert "the same command without --fresh goes on" in stopped.stderr
    assert mmq.read("out.jsonl") == before
    assert mmq.run("run", source, "-o", "out.jsonl", "-q").returncode == 0
    assert (len(mmq.read("out.jsonl")), sandbox.stats()["answered"]) == (3, 6)
    assert mmq.read("out.jsonl") != before


def test_a_worker_that_dies_ends_the_run_and_loses_nothing(place: Callable[..., tuple]) -> None:
    """It is told, with its log; the next run needs no lease to run out."""
    mmq, sandbox = place(latency_ms=800)
    source = mmq.write("in.txt", *PROMPTS)
    process = mmq.start("run", source, "-o", "out.jsonl")
    eventually(lambda: sandbox.stats()["answered"] >= 3)
    (worker,) = mmq.workers()
    os.kill(worker, signal.SIGKILL)
    stopped = finished(process)
    assert stopped.returncode == 1
    assert "worker-1 ended" in stopped.stderr
    assert mmq.nothing_runs()
    assert mmq.run("run", source, "-o", "out.jsonl", "-q").returncode == 0
    assert len(mmq.read("out.jsonl")) == len(PROMPTS)
