from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmq.formats.replacement import replacing
from mmq.formats.write import NotWritten, encode_line, require_target, write_jsonl
from worker.errors import InvalidRequest

LINES: list[dict[str, Any]] = [{"id": 1, "text": "杭州"}, {"id": 2}]


def failing() -> Iterator[dict[str, int]]:
    """One line, and then the database is gone."""
    yield {"id": 1}
    raise ConnectionError


def test_file_appears_whole(tmp_path: Path) -> None:
    """What was asked for is there, one object a line in UTF-8, and nothing else."""
    target = tmp_path / "out.jsonl"
    assert write_jsonl(str(target), iter(LINES)) == 2
    assert target.read_text("utf-8") == '{"id": 1, "text": "杭州"}\n{"id": 2}\n'
    assert [*tmp_path.iterdir()] == [target]


def test_failure_leaves_what_was_there(tmp_path: Path) -> None:
    """Results of an earlier run survive a later one that breaks off, and no half file stays behind."""
    target = tmp_path / "out.jsonl"
    target.write_text("before")
    with pytest.raises(ConnectionError):
        write_jsonl(str(target), failing())
    assert target.read_text() == "before"
    assert [*tmp_path.iterdir()] == [target]


@pytest.mark.parametrize("target", ["/dev/full", "gone/out.jsonl"])
def test_what_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """A full disk, or a folder that vanished meanwhile: one message, and no half file."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotWritten, match=f"^{target} cannot be written: No "):
        write_jsonl(target, LINES)
    assert not [*tmp_path.iterdir()]


def test_mode_and_link_of_the_target_are_kept(tmp_path: Path) -> None:
    """A private results file stays private; a link stays a link."""
    target, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    target.touch(mode=0o600)
    link.symlink_to(target)
    write_jsonl(str(link), LINES)
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert len(target.read_text().splitlines()) == 2


def test_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """`-o /dev/null` must never put a file in the device's place."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert write_jsonl(str(pipe), LINES) == 2
        assert os.read(reader, 1000).count(b"\n") == 2
        assert stat.S_ISFIFO(pipe.stat().st_mode)
    finally:
        os.close(reader)


def test_standard_output_and_input_carry_lines() -> None:
    """`-` reads JSON lines from a pipe and writes to one."""
    program = (
        "from mmq.formats.read import read; from mmq.formats.write import write_jsonl\n"
        "from worker.routing.judge import Judge; from worker.settings import load\n"
        "lines = read('-', judge=Judge(load({}).payers), defaults={'model': 'MiniMax-M2.5'})\n"
        "write_jsonl('-', (line.request for line in lines))\n"
    )
    sent = json.dumps({"prompt": "杭州"}).encode()
    done = subprocess.run([sys.executable, "-c", program], input=sent, capture_output=True, check=True)
    assert json.loads(done.stdout)["messages"] == [{"role": "user", "content": "杭州"}]


def test_half_an_emoji_in_an_answer_is_written_as_an_escape() -> None:
    """What a model answers is kept, even where UTF-8 has no bytes for it."""
    line = {"text": "é\ud83d"}
    assert json.loads(encode_line(line)) == line


@pytest.mark.parametrize(
    "nasty", ["\x9b31m", "\x1b]0;title\x07", "\u202eevil", "a\u2028b\x85c\u2029", "\x7f", "\u2066x\u2069", "\r\n"]
)
def test_no_line_drives_a_terminal_or_breaks_in_two(nasty: str) -> None:
    """Escaped within JSON, where whoever parses it finds the same value; letters of all scripts stay as they are."""
    line = {"text": f"杭州 👨‍👩‍👧 {nasty}", nasty: 1}
    written = encode_line(line).decode()
    assert json.loads(written) == line
    assert "杭州 👨‍👩‍👧" in written
    assert len(written.splitlines()) == 1
    assert not (set(nasty) - set(map(chr, range(32, 127)))) & set(written.removesuffix("\n"))


def test_a_closed_standard_output_is_told_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python has none then, as under `>&-`; answers would be paid and not seen."""
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(InvalidRequest, match="standard output is closed"):
        require_target("-")


def test_a_reader_that_leaves_is_told_from_a_disk_that_is_full() -> None:
    """As `head` does: what is left ends up nowhere, and Python says nothing of it at its end."""
    program = (
        "import sys; from mmq.formats.write import ReaderLeft, write_jsonl\n"
        "sys.stdin.read()\n"
        "try: write_jsonl('-', ({'n': n} for n in range(100_000)))\n"
        "except ReaderLeft as error: sys.exit(str(error))\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", program], text=True, **pipes)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, told = process.communicate("")
    assert (process.returncode, told) == (1, "whoever read standard output left before the end\n")


def test_the_half_file_of_a_killed_writer_is_cleared(tmp_path: Path) -> None:
    """By the next writer of the same target; those of living writers, and other files, stay."""
    target, dead = tmp_path / "out.jsonl", subprocess.Popen(["true"])
    dead.wait()
    left = tmp_path / f".out.jsonl.{dead.pid}.part"
    stays = [
        tmp_path / f".out.jsonl.{os.getppid()}.part",
        tmp_path / f".other.jsonl.{dead.pid}.part",
        tmp_path / ".out.jsonl.x.part",
    ]
    for path in (left, *stays):
        path.write_text("half")
    write_jsonl(str(target), LINES)
    assert sorted(tmp_path.iterdir()) == sorted([target, *stays])


def test_two_writers_of_one_process_number_do_not_mix(tmp_path: Path) -> None:
    """As in two containers that share the folder: each writes a file of its own, and the last one whole stays."""
    target = tmp_path / "out.jsonl"
    with replacing(target) as one:
        one.write(b"the first\n")
        with replacing(target) as other:
            other.write(b"the second, which is longer\n")
        assert target.read_bytes() == b"the second, which is longer\n"
    assert (list(tmp_path.iterdir()), target.read_bytes()) == ([target], b"the first\n")


def test_a_file_that_may_only_be_read_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever made it so meant it; a folder that may be written to does not change that."""
    target = tmp_path / "out.jsonl"
    target.touch(mode=0o400)
    writable = os.access
    # A superuser may write to everything, and tests run as one.
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(target) and writable(path, mode))
    with pytest.raises(InvalidRequest, match="may only be read"):
        require_target(str(target))


@pytest.mark.parametrize(("name", "words"), [("none/out.jsonl", "no folder"), (".", "is a folder")])
def test_unwritable_target_is_told_beforehand(tmp_path: Path, name: str, words: str) -> None:
    """Nobody waits a night for answers that have nowhere to go."""
    with pytest.raises(InvalidRequest, match=words):
        require_target(str(tmp_path / name))
    require_target(str(tmp_path / "out.jsonl"))
    require_target("-")
