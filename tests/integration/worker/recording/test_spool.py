"""The spool's file: its rights, its lock, its limit, a disk that is full, and what a successor reads."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.transitions import Hold
from support.recorders import answer
from worker.recording import notation
from worker.recording.abandoned import Abandoned, abandoned
from worker.recording.spool import BEGINS, HEADER, Spool, SpoolFull
from worker.running.endings import Succeeded


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """An empty spool of worker `w1`."""
    spool = Spool(tmp_path, "w1", limit_bytes=1000)
    yield spool
    spool.close()


@contextmanager
def taken(path: Path) -> Iterator[Abandoned]:
    """A file of a dead worker, as its successor has it."""
    found = abandoned(path)
    assert found is not None
    yield found
    found.close()


@contextmanager
def full_disk(at_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond this: the kernel writes what fits, then refuses."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_nothing_is_there_before_something_must_be_kept(spool: Spool, tmp_path: Path) -> None:
    """On an ordinary day neither a file nor a folder is made."""
    spool.remove()
    spool.close()
    assert [*tmp_path.iterdir()] == []


def test_lines_are_there_for_nobody_else(spool: Spool) -> None:
    """Answers are their owner's: the file and its folder are closed to others."""
    spool.append([b"one\n", b"two\n"])
    spool.append([b"three\n"])
    assert spool.path.read_bytes() == HEADER + b"one\ntwo\nthree\n"
    assert (spool.path.stat().st_mode & 0o777, spool.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_removed_spool_begins_anew(spool: Spool) -> None:
    """Recorded once, its lines are gone; the next outage starts a file of its own."""
    spool.append([b"one\n"])
    spool.remove()
    assert not spool.path.exists()
    spool.append([b"two\n"])
    assert spool.path.read_bytes() == HEADER + b"two\n"


def test_a_full_spool_takes_nothing_more(spool: Spool) -> None:
    """Beyond its limit it refuses the whole append, and keeps what it has."""
    spool.append([b"x" * 800 + b"\n"])
    with pytest.raises(SpoolFull, match="may hold 1000"):
        spool.append([b"y" * 100 + b"\n", b"z" * 100 + b"\n"])
    spool.append([b"last\n"])
    assert spool.path.read_bytes().endswith(b"xx\nlast\n")


def test_a_full_disk_leaves_no_half_lines(spool: Spool) -> None:
    """The kernel took a part of an append before it refused: that part is cut off again."""
    spool.append([b"one\n"])
    with full_disk(at_bytes=50), pytest.raises(OSError, match="too large"):
        spool.append([b"y" * 100 + b"\n"])
    assert spool.path.read_bytes() == HEADER + b"one\n"
    spool.append([b"two\n"])
    assert spool.path.read_bytes() == HEADER + b"one\ntwo\n"


def test_what_could_not_be_cut_off_is_cut_off_before_the_next_line(spool: Spool) -> None:
    """A disk that refused an append refused to undo it, too: nothing is written behind the rest of it."""
    spool.append([b"one\n"])
    with spool.path.open("ab") as file:
        file.write(b"torn")
    spool.append([b"two\n"])
    assert spool.path.read_bytes() == HEADER + b"one\ntwo\n"


def test_the_file_of_a_living_worker_is_nobody_elses(spool: Spool) -> None:
    """It is locked until its worker ends; then it can be read to the end and removed."""
    spool.append([b"one\n", b"two\n"])
    assert abandoned(spool.path) is None
    spool.close()
    with taken(spool.path) as found:
        assert abandoned(spool.path) is None  # two successors do not share it
        assert ([*found.lines()], found.torn) == ([b"one\n", b"two\n"], False)
        found.remove()
    assert abandoned(spool.path) is None


@pytest.mark.parametrize(
    ("content", "lines", "torn"),
    [
        (HEADER + b"one\ntwo", [b"one\n"], True),
        (HEADER + b"one\n\x00\x00\x00", [b"one\n"], True),
        (HEADER, [], False),
        (HEADER[:5], [], True),
        (b"", [], False),
    ],
)
def test_a_last_line_that_was_cut_off_is_left_out(
    tmp_path: Path, content: bytes, lines: list[bytes], torn: bool
) -> None:
    """Its worker died in mid-write: what was complete is read."""
    path = tmp_path / "w1.jsonl"
    path.write_bytes(content)
    with taken(path) as found:
        assert ([*found.lines()], found.torn) == (lines, torn)


ANSWERS = st.text() | st.just(BEGINS.decode())


@settings(deadline=None)
@given(parts=st.lists(st.tuples(ANSWERS, st.none() | st.floats(0, 1))))
def test_a_line_is_read_whole_or_not_at_all(parts: list[tuple[str, float | None]]) -> None:
    """Torn at any byte, with the next written right behind it: all others are read as they were written."""
    content, whole = HEADER, []
    for text, share in parts:
        line = notation.write(Succeeded(Hold("job-1", 1, 1, 0)), answer("job-1", text))
        if share is None:
            whole.append(line)
        else:
            line = line[: 1 + int((len(line) - 2) * share)]
        content += line
    with TemporaryDirectory() as home:
        path = Path(home) / "w1.jsonl"
        path.write_bytes(content)
        with taken(path) as found:
            assert [*found.lines()] == whole
            assert bool(found.torn) == (len(whole) < len(parts))


@pytest.mark.parametrize("content", [b"hello\n", b'{"mmq spool":2}\none\n', b"\x00" * 99, HEADER.replace(b"\n", b" ")])
def test_a_file_that_is_not_ours_is_refused(tmp_path: Path, content: bytes) -> None:
    """Nothing in it is taken for an ending, also if a newer version wrote it."""
    path = tmp_path / "w1.jsonl"
    path.write_bytes(content)
    with taken(path) as found, pytest.raises(ValueError, match="does not begin"):
        [*found.lines()]


def test_a_worker_does_not_write_into_a_file_that_was_removed(spool: Spool) -> None:
    """A successor took the file, new and not yet locked, for an abandoned one: the worker makes another."""
    spool.path.parent.mkdir()
    spool.path.touch()
    with taken(spool.path) as found:
        found.remove()
    spool.append([b"one\n"])
    assert spool.path.read_bytes() == HEADER + b"one\n"
