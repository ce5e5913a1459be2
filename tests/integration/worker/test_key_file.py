"""The key in a file, as container secrets are."""

from __future__ import annotations

import pytest

from worker.configuration.environment import Reader


def test_a_key_is_read_from_its_file_with_or_without_a_final_newline(tmp_path):
    """Editors and `echo` end a file with a newline; that is no reason for a warning."""
    for content in ("sk-api-abc", "sk-api-abc\n", "sk-api-abc\r\n"):
        (tmp_path / "key").write_text(content)
        reader = Reader({"X_FILE": str(tmp_path / "key")})
        key = reader.key("X")
        assert key is not None
        assert key.reveal() == "sk-api-abc"
        assert (reader.problems, reader.warnings) == ([], [])


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xef\xbb\xbf\n", b"\xff\xfe\x00"])
def test_a_key_file_without_a_readable_key_is_a_problem_that_names_the_variable(tmp_path, content):
    """Missing, empty, invisible or not text."""
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    reader = Reader({"X_FILE": str(tmp_path / "key")})
    assert reader.key("X") is None
    assert [problem.field for problem in reader.problems] == ["X_FILE"]
