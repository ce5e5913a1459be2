"""`mmq top`: the queue at work, at one look."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Callable

from support.command_line import LIMIT_S, MMQ, CommandLine

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"  # a terminal's other screen


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


def test_told_to_stop_it_gives_the_terminal_back(place: Callable[..., tuple]) -> None:
    """By Ctrl-C and by SIGTERM: what was on the screen before is there again, with its cursor."""
    mmq, _ = place()
    mmq.run("run", mmq.write("in.txt", "good"), "-o", "out.jsonl", "-q")
    for number in (signal.SIGINT, signal.SIGTERM):
        code, seen = _stopped(mmq, number)
        assert code == 128 + number
        assert seen.rindex(LEAVE) > seen.rindex(ENTER)
        assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")
        assert b"Traceback" not in seen


def _stopped(mmq: CommandLine, number: int) -> tuple[int, bytes]:
    """Run `mmq top` in a terminal, stop it once it shows something; return its exit code and all that it wrote."""
    ours, theirs = pty.openpty()
    environ = mmq.environ | {"TERM": "xterm-256color"}
    with subprocess.Popen(
        [*MMQ, "top"], cwd=mmq.folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    ) as top:
        os.close(theirs)
        seen = _until(ours, lambda seen: b"lane" in seen.partition(ENTER)[2])
        assert LEAVE not in seen
        top.send_signal(number)
        seen += _until(ours, lambda _: False)
        code = top.wait(LIMIT_S)
    os.close(ours)
    return code, seen


def _until(terminal: int, enough: Callable[[bytes], bool]) -> bytes:
    """Read a terminal until that is enough, or nobody has it open any more."""
    seen = b""
    while not enough(seen):
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
    return seen
