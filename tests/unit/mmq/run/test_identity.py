"""What makes two runs the same run, and two lines the same job."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmq.run.identity import batch_key, job_key

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


def test_a_job_is_known_by_batch_id_and_request() -> None:
    """The order of fields does not count; anything else does."""
    shuffled = dict(reversed(REQUEST.items()))
    assert job_key("b", "line-1", REQUEST) == job_key("b", "line-1", shuffled)
    others = [job_key("c", "line-1", REQUEST), job_key("b", "line-2", REQUEST), job_key("b", "line-1", {})]
    assert job_key("b", "line-1", REQUEST) not in others
