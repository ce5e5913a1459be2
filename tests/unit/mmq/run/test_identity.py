"""What makes two runs the same run, and two lines the same job."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmq.run.identity import JobKeys, batch_key

SQLITE, POSTGRESQL = "sqlite:////x/mmq.sqlite3", "postgresql://db/mmq"
REQUEST = {"model": "MiniMax-M2", "messages": [{"role": "user", "content": "hi"}]}


def test_a_file_is_the_same_input_by_any_way_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative or absolute; whatever it says."""
    monkeypatch.chdir(tmp_path)
    assert batch_key("a.txt", "1", SQLITE) == batch_key(str(tmp_path / "a.txt"), "2", SQLITE)
    assert batch_key("a.txt", "1", SQLITE) != batch_key("b.txt", "1", SQLITE)


def test_standard_input_is_known_by_what_it_says() -> None:
    """It has no path."""
    assert batch_key("-", "1", SQLITE) != batch_key("-", "2", SQLITE)


def test_machines_that_share_a_database_do_not_share_paths(tmp_path: Path) -> None:
    """There the machine is part of the key."""
    path = str(tmp_path / "a.txt")
    assert batch_key(path, "1", POSTGRESQL) != batch_key(path, "1", SQLITE)


def test_a_named_line_is_known_by_batch_name_and_request() -> None:
    """The order of fields does not count, nor where it stands; anything else does."""
    shuffled = dict(reversed(REQUEST.items()))
    key = JobKeys("b").of(1, "mine", REQUEST)
    assert JobKeys("b").of(7, "mine", shuffled) == key
    others = [
        JobKeys("c").of(1, "mine", REQUEST),
        JobKeys("b").of(1, "yours", REQUEST),
        JobKeys("b").of(1, "mine", {}),
        JobKeys("b").of(1, "line-1", REQUEST),
    ]
    assert key not in others


def test_a_line_without_a_name_is_known_by_its_request_and_turn() -> None:
    """It may move up and down; the second of two equal lines is another job."""
    keys, moved = JobKeys("b"), JobKeys("b")
    first, second = keys.of(1, "line-1", REQUEST), keys.of(2, "line-2", REQUEST)
    assert moved.of(4, "line-4", REQUEST) == first
    assert moved.of(9, "line-9", REQUEST) == second
    assert first != second
