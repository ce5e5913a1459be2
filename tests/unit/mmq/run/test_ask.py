"""What is filled in where somebody left something open."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmq.run.ask import asked
from worker.errors import InvalidRequest


@pytest.fixture
def prompts(tmp_path: Path) -> str:
    """An input file."""
    path = tmp_path / "prompts.txt"
    path.write_text("hi\n")
    return str(path)


def test_outputs_are_named_after_the_input(prompts: str) -> None:
    """Beside it; failures after the answers."""
    folder = Path(prompts).parent
    ask = asked(prompts, None, None, lane="bulk")
    assert (ask.output, ask.errors) == (
        str(folder / "prompts.answers.jsonl"),
        str(folder / "prompts.answers.errors.jsonl"),
    )
    assert (ask.name, ask.lane, ask.format) == ("prompts.txt", "bulk", "txt")


def test_standard_input_is_answered_on_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures still get a file: mixed into the answers they would be taken for some."""
    monkeypatch.chdir(tmp_path)
    ask = asked("-", None, None, lane="default")
    assert (ask.output, ask.errors, ask.title) == ("-", "answers.errors.jsonl", "standard input → standard output")


@pytest.mark.parametrize(("output", "errors"), [("prompts.txt", None), ("out.jsonl", "prompts.txt"), ("o", "o")])
def test_no_file_is_written_over_another(prompts: str, output: str, errors: str | None) -> None:
    """Neither the input nor the answers."""
    folder = Path(prompts).parent
    with pytest.raises(InvalidRequest, match="as well"):
        asked(prompts, str(folder / output), errors and str(folder / errors), lane="default")
