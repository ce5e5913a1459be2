"""Whoever leaves early: the reader of standard output, and the person, while files are read and written."""

from __future__ import annotations

import fcntl
import os
import signal
import termios
from collections.abc import Callable

import pytest

from support.command_line import finished
from support.waiting import eventually


def unread(descriptor: int) -> int:
    """Return how many bytes wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), "little")


def test_a_reader_that_leaves_early_misses_nothing_else(place: Callable[..., tuple]) -> None:
    """As `head -1` does: failures are written all the same, and how to get all answers is said; exit 141."""
    mmq, _ = place()
    source = mmq.write("in.txt", "[[mmq:1027]] bad", *(f"{number} {'long ' * 3000}" for number in range(20)))
    process = mmq.start("run", source, "-o", "-", "--errors", "err.jsonl")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    ended = finished(process)
    assert ended.returncode == 141, ended.stderr
    assert [line["error"]["code"] for line in mmq.read("err.jsonl")] == ["1027"]
    (batch,) = mmq.json("status")["batches"]
    assert f"`mmq results {batch['id']}` writes all answers again" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_answers_are_written(place: Callable[..., tuple], number: int, code: int) -> None:
    """It ends the run as it does at any other moment, and what was answered is not lost."""
    mmq, _ = place(latency_ms=5)
    source = mmq.write("in.txt", *map(str, range(250)))
    process = mmq.start("run", source, "-o", "-", MMQ_RPM="100000", MMQ_CONCURRENCY="64")
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    eventually(lambda: unread(pipe))  # more comes than a pipe holds, so that writing waits for us
    process.send_signal(number)
    ended = finished(process)
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr
    assert "the same command goes on" in ended.stderr
    assert mmq.nothing_runs()


def test_an_interrupt_while_the_input_is_read_again(place: Callable[..., tuple]) -> None:
    """Answers that an earlier run had brought are written even then: it may have been killed before it could."""
    mmq, sandbox = place()
    source = mmq.folder / mmq.write("in.txt", "one", "two")
    assert mmq.run("run", "in.txt", "-o", "out.jsonl", "-q").returncode == 0
    (mmq.folder / "out.jsonl").unlink()
    source.unlink()
    os.mkfifo(source)
    held = os.open(source, os.O_RDWR)
    try:
        os.write(held, b"one\n")
        process = mmq.start("run", "in.txt", "-o", "out.jsonl")
        eventually(lambda: unread(held) == 0)
        process.send_signal(signal.SIGINT)
        ended = finished(process)
    finally:
        os.close(held)
    assert ended.returncode == 130, ended.stderr
    assert len(mmq.read("out.jsonl")) == sandbox.stats()["calls"] == 2
