from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mmq.formats.read import read
from mmq.formats.record import BadLine, Line, Notice
from mmq.formats.source import Format
from worker.errors import InvalidRequest
from worker.provider.account import Api
from worker.provider.catalogue import load
from worker.provider.preflight.check import check

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
FIXTURES = ROOT / "tests/fixtures/formats"
DEFAULTS = {"model": "MiniMax-M2.5"}


def reading(path: Path, api: Api = Api.V2, **options: Any) -> Iterator[Line | BadLine | Notice]:
    return read(str(path), judge=partial(check, api=api, catalogue=load()), **{"defaults": DEFAULTS, **options})


def report(path: Path) -> list[str]:
    """What a person would be told of the file, a line each."""
    told = []
    for item in reading(path):
        match item:
            case Line():
                messages = [message["content"] for message in item.request["messages"]]
                warned = "".join(f" ! {warning}" for warning in item.warnings)
                told.append(f"line {item.number}: run as {item.custom_id}: {messages}{warned}")
            case BadLine():
                told.append(str(item))
            case Notice():
                told.append(f"line {item.number}: note: {item.problem}")
    return told


@pytest.mark.parametrize("name", ["faults.jsonl", "faults.csv"])
def test_every_fault_is_reported_with_line_field_value_and_remedy(name: str) -> None:
    """The report on a file of faults is, word for word, the one that was read and found good."""
    expected = (FIXTURES / f"{name}.report").read_text("utf-8").splitlines()
    assert report(FIXTURES / name) == expected


@pytest.mark.parametrize(
    "path", sorted(path for path in EXAMPLES.glob("*.*") if path.suffix != ".toml"), ids=lambda path: path.name
)
@pytest.mark.parametrize("api", Api)
def test_examples_run_as_they_are(path: Path, api: Api) -> None:
    """No example has a bad line, a warning or an unused column, whichever API is asked."""
    items = list(reading(path, api))
    assert len(items) >= 2
    assert all(isinstance(item, Line) and not item.warnings for item in items), items


def test_line_overrides_defaults_and_null_does_not(tmp_path: Path) -> None:
    """A default fills in what a line leaves out, also by giving null."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"prompt":"a","model":"MiniMax-M3","top_p":null}\n{"prompt":"b","model":null}\n')
    first, second = reading(source, defaults={"model": "MiniMax-M2.5", "top_p": 0.5})
    assert isinstance(first, Line)
    assert isinstance(second, Line)
    assert (first.request["model"], first.request["top_p"]) == ("MiniMax-M3", 0.5)
    assert second.request["model"] == "MiniMax-M2.5"


def test_faults_of_a_prompt_are_named_as_it_was_written(tmp_path: Path) -> None:
    """Who wrote a prompt column is not told of messages[1].content."""
    source = tmp_path / "in.jsonl"
    source.write_text(
        json.dumps({"system": "\u200b", "prompt": ""}) + "\n" + json.dumps({"prompt": "x" * 3_000_000}) + "\n"
    )
    first, second = reading(source)
    assert isinstance(first, BadLine)
    assert [problem.field for problem in first.problems] == ["system", "prompt"]
    assert isinstance(second, BadLine)
    assert [problem.field for problem in second.problems] == ["prompt"]
    assert "about 750,028 tokens, MiniMax-M2.5 holds 204,800" in str(second)
    assert len(str(second)) < 300


def test_id_of_a_bad_line_is_taken(tmp_path: Path) -> None:
    """Two lines of one id are never both reported under it, one as failed and one as answered."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"custom_id":"a","prompt":""}\n{"custom_id":"a","prompt":"b"}\n')
    items = list(reading(source))
    assert [type(item) for item in items] == [BadLine, BadLine]
    assert "stands on line 1 already" in str(items[1])


def test_explicit_format_wins_over_the_suffix(tmp_path: Path) -> None:
    """A file of any name can be read as what it is."""
    source = tmp_path / "prompts.data"
    source.write_text("prompt\nHello\n")
    with pytest.raises(InvalidRequest, match=r"'\.data'.*--format"):
        reading(source)
    assert [type(item) for item in reading(source, format=Format.TXT)] == [Line, Line]
    assert [type(item) for item in reading(source, format=Format.CSV)] == [Line]


@pytest.mark.parametrize(("name", "words"), [("none.jsonl", "no file"), ("folder.jsonl", "a folder")])
def test_missing_input_is_told_before_anything_starts(tmp_path: Path, name: str, words: str) -> None:
    """A wrong name raises at the call, not at the first line."""
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(InvalidRequest, match=words):
        reading(tmp_path / name)
