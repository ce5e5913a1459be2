"""Two queues that would answer into one file."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmq.formats.write import write_jsonl
from mmq.run.claim import claimed
from worker.errors import InvalidRequest
from worker.settings import Settings, load


def of(home: Path, **environ: str) -> Settings:
    return load({"MINIMAX_API_KEY": "key", "MMQ_HOME": str(home), **environ})


def test_two_queues_do_not_answer_into_one_file(tmp_path: Path) -> None:
    """The second is told whose it is and how to join; the same queue may; afterwards nothing is left."""
    out, one, other = str(tmp_path / "out.jsonl"), of(tmp_path / "one"), of(tmp_path / "other")
    with claimed(out, one):
        with claimed(out, one), claimed(str(tmp_path / "else.jsonl"), other):
            pass
        with pytest.raises(InvalidRequest, match=f"set MMQ_HOME={tmp_path / 'one'}"), claimed(out, other):
            pass
    with claimed(out, other):
        pass
    assert list(tmp_path.iterdir()) == []


def test_homes_that_share_a_database_share_the_file(tmp_path: Path) -> None:
    """Their runs are of one batch; the password in the database's URL is written nowhere, not even as a digest."""
    one, changed = (
        {"MMQ_DATABASE_URL": f"postgresql://mmq:{password}@127.0.0.1/mmq"} for password in ("secret", "new")
    )
    with claimed(str(tmp_path / "out"), of(tmp_path / "one", **one)):
        with claimed(str(tmp_path / "out"), of(tmp_path / "other", **changed)):
            pass
        assert "secret" not in (tmp_path / ".out.run").read_text()


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    """Its file is left, and means nothing."""
    program = (
        "import os, sys; from mmq.run.claim import claimed; from worker.settings import load\n"
        "with claimed('out.jsonl', load({'MINIMAX_API_KEY': 'key', 'MMQ_HOME': 'one'})): os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False)
    assert (tmp_path / ".out.jsonl.run").exists()
    with claimed(str(tmp_path / "out.jsonl"), of(tmp_path / "other")):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is held there, and nothing is left."""

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with claimed(str(tmp_path / "out.jsonl"), of(tmp_path / "one")):
        write_jsonl(str(tmp_path / "out.jsonl"), [{}])
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


@pytest.mark.parametrize("written", [b"", b"no json", b"\xff", b"[]", b'{"home": "there"}'])
def test_a_lock_that_no_run_holds_is_said_to_be_so(written: bytes, tmp_path: Path) -> None:
    """Another program has the file, whatever is in it: one problem with a remedy; without it no matter."""
    out, lock = str(tmp_path / "out.jsonl"), tmp_path / ".out.jsonl.run"
    with lock.open("wb") as held:
        held.write(written)
        held.flush()
        fcntl.flock(held, fcntl.LOCK_SH)
        with pytest.raises(InvalidRequest, match="name another -o"), claimed(out, of(tmp_path)):
            pass
        assert lock.read_bytes() == written
    with claimed(out, of(tmp_path)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the lock can be written no answer can be, and nothing is asked."""

    def pwrite(descriptor: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", pwrite)
    with (
        pytest.raises(InvalidRequest, match=r"No space left on device.*make room"),
        claimed(str(tmp_path / "out.jsonl"), of(tmp_path)),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    """In a folder that others write to it may lead anywhere, and what lies there would be emptied."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / ".out.jsonl.run").symlink_to(precious)
    with pytest.raises(InvalidRequest, match="cannot be written"), claimed(str(tmp_path / "out.jsonl"), of(tmp_path)):
        pass
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("output", ["-", "/dev/null"])
def test_what_is_no_file_is_not_claimed(output: str, tmp_path: Path) -> None:
    """Two runs may both print."""
    with claimed(output, of(tmp_path / "one")), claimed(output, of(tmp_path / "other")):
        pass
