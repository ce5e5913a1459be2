"""Inputs that are no text, as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmq.formats.read import read
from worker.errors import InvalidRequest


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.txt"])
def test_a_file_that_is_no_text_is_refused_once_and_not_line_by_line(tmp_path: Path, name: str) -> None:
    """A workbook saved under a text's name is the commonest: nothing of it is asked, and one message says why."""
    source = tmp_path / name
    source.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 40)
    with pytest.raises(InvalidRequest, match="is a zip archive"):
        list(read(str(source), judge=lambda request: []))
    source.write_bytes("prompt\nhi\n".encode("utf-16"))
    with pytest.raises(InvalidRequest, match=f"{name} is in UTF-16"):
        list(read(str(source), judge=lambda request: []))
