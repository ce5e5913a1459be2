"""Child processes: real shells, real signals."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from mmq.local.process import LOG_LIMIT_BYTES, Child
from support.processes import Parent, of_group
from support.waiting import eventually

UNTIL_TERM = "trap 'echo stopped; exit 0' TERM; echo started; while :; do sleep 0.02; done"
STUBBORN = "trap '' TERM; echo started; while :; do sleep 0.02; done"


def wrote(log: Path, text: str) -> bool:
    """Whether the log holds the text."""
    return log.exists() and text in log.read_text()


def parent_of(command: str, log: Path, grace: float = 30) -> Parent:
    """A process that starts a child by our code and tells its id."""
    return Parent(
        "from pathlib import Path; from mmq.local.process import Child\n"
        f"child = Child(['sh', '-c', {command!r}], log=Path({str(log)!r}), grace={grace})\n"
        "print(child.pid, flush=True); input()"
    )


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("exit 0", 0), ("kill -9 $$", -9)])
def test_exit_code_is_the_commands_own(tmp_path, command, code):
    """The leash passes on how the command ended, signals included."""
    child = Child(["sh", "-c", command], log=tmp_path / "a.log", grace=30)
    try:
        assert eventually(lambda: child.exit_code is not None)
        assert child.exit_code == code
    finally:
        child.stop()


def test_a_missing_command_is_told_in_the_error(tmp_path):
    """A command that cannot be started looks like one that ended, and the log says why."""
    child = Child(["/nowhere/at-all"], log=tmp_path / "a.log", grace=30)
    eventually(lambda: child.exit_code is not None)
    child.stop()
    assert "exit code 127" in str(child.ended())
    assert "/nowhere/at-all" in str(child.ended())


def test_stop_lets_a_child_end_in_its_own_way_and_leaves_nothing(tmp_path):
    """SIGTERM first; afterwards neither the command nor its watcher is left."""
    child = Child(["sh", "-c", UNTIL_TERM], log=tmp_path / "a.log", grace=30)
    eventually(lambda: wrote(tmp_path / "a.log", "started"))
    child.stop()
    assert child.exit_code == 0
    assert child.last_lines() == "started\nstopped"
    eventually(lambda: not of_group(child.pid))
    child.stop()


def test_a_child_is_asked_once_to_end(tmp_path):
    """Told to end and then waited for, as the workers of a run are: a second SIGTERM would hasten them."""
    asked = "trap 'echo asked' TERM; echo started; while :; do sleep 0.02; done"
    child = Child(["sh", "-c", asked], log=tmp_path / "a.log", grace=1)
    eventually(lambda: wrote(tmp_path / "a.log", "started"))
    child.terminate()
    eventually(lambda: wrote(tmp_path / "a.log", "asked"))
    child.stop()
    assert child.last_lines() == "started\nasked"


def test_stop_kills_a_child_that_does_not_end_within_its_grace(tmp_path):
    """SIGKILL after the grace, and stop returns only then."""
    child = Child(["sh", "-c", STUBBORN], log=tmp_path / "a.log", grace=0.1)
    eventually(lambda: wrote(tmp_path / "a.log", "started"))
    child.stop()
    assert child.exit_code == -signal.SIGKILL
    eventually(lambda: not of_group(child.pid))


def test_ctrl_c_in_the_terminal_does_not_reach_a_child(tmp_path):
    """It leads a session and a group of its own, so that the parent decides what is stopped when."""
    child = Child(["sh", "-c", UNTIL_TERM], log=tmp_path / "a.log", grace=30)
    try:
        assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid
    finally:
        child.stop()


def test_a_child_ends_in_its_own_way_when_its_parent_is_killed(tmp_path):
    """SIGKILL gives the parent no chance; the child still gets its SIGTERM, and nothing is left."""
    log = tmp_path / "a.log"
    with parent_of(UNTIL_TERM, log) as parent:
        eventually(lambda: wrote(log, "started"))
        parent.kill()
    eventually(lambda: wrote(log, "stopped"))
    eventually(lambda: not of_group(int(parent.answer)))


def test_a_stubborn_child_is_killed_when_its_parent_is_killed(tmp_path):
    """One that ignores SIGTERM gets SIGKILL after its grace."""
    log = tmp_path / "a.log"
    with parent_of(STUBBORN, log, grace=0.2) as parent:
        eventually(lambda: wrote(log, "started"))
        assert int(parent.answer) in of_group(int(parent.answer))
        parent.kill()
    eventually(lambda: not of_group(int(parent.answer)))


def test_a_child_killed_at_its_start_leaves_nothing(tmp_path):
    """The parent dies right after starting it, before the command had time to set up anything."""
    with parent_of("while :; do sleep 0.02; done", tmp_path / "a.log") as parent:
        parent.kill()
    eventually(lambda: not of_group(int(parent.answer)))


def test_what_a_child_keeps_outlives_a_killed_parent_until_that_child_ended(tmp_path):
    """A server stays up for a worker that still records its answers, and ends after it."""
    script = f"""
from pathlib import Path; from mmq.local.process import Child
home = Path({str(tmp_path)!r})
server = Child(['sh', '-c', {UNTIL_TERM!r}], log=home / 'server.log', grace=30)
worker = Child(['sh', '-c', '''trap "asked=1" TERM; echo started
while [ -z "$asked" ]; do sleep 0.02; done; echo asked
while [ ! -e {tmp_path}/go ]; do sleep 0.02; done'''], log=home / 'worker.log', grace=30, keeps=[server])
print(server.pid, worker.pid, flush=True); input()
"""
    with Parent(script) as parent:
        eventually(lambda: wrote(tmp_path / "worker.log", "started"))
        parent.kill()
    server, worker = map(int, parent.answer.split())
    eventually(lambda: wrote(tmp_path / "worker.log", "asked"))
    assert worker in of_group(worker)
    assert server in of_group(server)
    (tmp_path / "go").touch()
    eventually(lambda: not of_group(worker))
    eventually(lambda: not of_group(server))


def test_a_child_of_a_living_parent_is_left_alone_when_another_ends(tmp_path):
    """Each child has a lifeline of its own; ending one does not close another's."""
    first = Child(["sh", "-c", UNTIL_TERM], log=tmp_path / "first.log", grace=30)
    second = Child(["sh", "-c", UNTIL_TERM], log=tmp_path / "second.log", grace=30)
    try:
        eventually(lambda: wrote(tmp_path / "second.log", "started"))
        first.stop()
        eventually(lambda: not of_group(first.pid))
        assert second.exit_code is None
        assert not wrote(tmp_path / "second.log", "stopped")
    finally:
        first.stop()
        second.stop()


def test_an_error_shows_the_last_lines_of_this_process_alone(tmp_path):
    """Logs are kept over runs, but a new process is not blamed for what an earlier one wrote."""
    log = tmp_path / "a.log"
    log.write_text("of an earlier run\n")
    child = Child(["sh", "-c", "echo the reason >&2; exit 3"], log=log, grace=30)
    eventually(lambda: child.exit_code is not None)
    child.stop()
    assert str(child.ended()) == f"a ended with exit code 3, see {log}\nthe reason"
    assert log.read_text() == "of an earlier run\nthe reason\n"


def test_a_log_that_grew_large_is_set_aside(tmp_path):
    """Logs are bounded: one older log is kept, the new one begins empty."""
    log = tmp_path / "logs" / "a.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (LOG_LIMIT_BYTES + 1))
    child = Child(["sh", "-c", "echo new"], log=log, grace=30)
    eventually(lambda: child.exit_code is not None)
    child.stop()
    assert log.read_text() == "new\n"
    assert (tmp_path / "logs" / "a.log.1").stat().st_size == LOG_LIMIT_BYTES + 1
