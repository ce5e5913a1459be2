"""Lock files of workers: real locks, real deaths."""

from __future__ import annotations

import fcntl
import stat

from support.processes import Parent
from worker.recording import liveness


def holder(home, worker_id):
    """A process that holds a worker's file until it is killed."""
    return Parent(
        "from pathlib import Path; from worker.recording import liveness\n"
        f"hold = liveness.hold(Path({str(home)!r}), {worker_id!r}); print('held', flush=True); input()"
    )


def test_a_worker_serves_while_it_holds_its_file_and_is_dead_once_killed(tmp_path):
    """The lock is dropped by the kernel, so even SIGKILL shows at once."""
    with holder(tmp_path, "a") as parent:
        assert parent.answer == "held"
        assert liveness.serving(tmp_path, ["a"]) == {"a"}
        assert liveness.dead(tmp_path, ["a"]) == set()
        parent.kill()
        assert liveness.serving(tmp_path, ["a"]) == set()
        assert liveness.dead(tmp_path, ["a"]) == {"a"}


def test_looking_takes_nothing_from_the_worker_or_from_others_who_look(tmp_path):
    """A look is a shared lock for a moment: asked again, the answer is the same."""
    hold = liveness.hold(tmp_path, "a")
    assert [liveness.dead(tmp_path, ["a"]) for _ in range(3)] == [set()] * 3
    hold.release()


def test_a_worker_that_released_is_neither_serving_nor_dead(tmp_path):
    """One that stops takes no more jobs, but may still record those it has: nobody may bury it."""
    hold = liveness.hold(tmp_path, "a")
    hold.release()
    hold.release()
    assert liveness.serving(tmp_path, ["a"]) == liveness.dead(tmp_path, ["a"]) == set()
    assert list((tmp_path / "workers").iterdir()) == []


def test_workers_without_a_file_here_are_not_dead(tmp_path):
    """They belong to another machine or home, which alone can tell."""
    assert liveness.dead(tmp_path, ["elsewhere"]) == set()
    assert liveness.serving(tmp_path, ["elsewhere"]) == set()


def test_forgotten_workers_leave_no_file(tmp_path):
    """Files of dead workers are removed once, and removing them again is no error."""
    with holder(tmp_path, "a"):
        pass
    assert liveness.dead(tmp_path, ["a"]) == {"a"}
    liveness.forget(tmp_path, ["a"])
    liveness.forget(tmp_path, ["a"])
    assert liveness.dead(tmp_path, ["a"]) == set()


def test_lock_files_are_private(tmp_path):
    """Who may open the file could lock it, and make a dead worker look alive."""
    hold = liveness.hold(tmp_path, "a")
    assert stat.S_IMODE((tmp_path / "workers").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "workers" / "a.lock").stat().st_mode) == 0o600
    hold.release()


def test_a_probe_of_the_home_has_nothing_to_leave_behind(tmp_path, monkeypatch):
    """Killed in the midst of it, as here while it asks for the lock, it would leave what the folder holds then."""
    seen = []
    monkeypatch.setattr(fcntl, "flock", lambda _file, _how: seen.append(list((tmp_path / "workers").iterdir())))
    liveness.probe(tmp_path)
    assert seen == [[]]
