"""What README and docs say agrees with what is there."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
import typer.main

from mmq.cli.commands import app
from mmq.formats.read import read_stream
from mmq.formats.record import Line
from mmq.formats.source import Format
from support import errors_page
from support.documents import PAGES, ROOT, blocks, prose, title
from worker.provider.classification import Action
from worker.routing.judge import Judge
from worker.settings import VARIABLES, load

every_page = pytest.mark.parametrize("page", PAGES, ids=title)
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that there is."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", prose(page))
    assert [link for link in links if not (page.parent / link).exists()] == []


@every_page
def test_commands_named_in_passing_exist(page: Path) -> None:
    """A command in the text, as `mmq show JOB`, is one of mmq's, and so are its options."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for words in (found.split() for found in re.findall(r"`(?:\.venv/bin/)?mmq ([^`]+)`", prose(page))):
        assert words[0] in commands, words
        command = commands[words[0]]
        if (inner := getattr(command, "commands", {})) and words[1:]:
            command = inner.get(words[1]) or inner["show"]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words[1:] if word.startswith("-") and word != "-"} <= known, words


@every_page
def test_variables_named_in_passing_are_read(page: Path) -> None:
    """A variable that a page names is one that the settings know."""
    assert set(re.findall(r"\b(?:MMQ|MINIMAX)_[A-Z_]+\b", page.read_text("utf-8"))) <= VARIABLES


def test_every_setting_is_described() -> None:
    """docs/settings.md has one row for each variable that is read, and no other."""
    described = re.findall(r"^\| `(\w+)` \|", SETTINGS, re.MULTILINE)
    assert sorted(described) == sorted(VARIABLES)


def test_described_defaults_are_true() -> None:
    """The defaults of docs/settings.md are those that hold where nothing is set."""
    described = dict(re.findall(r"^\| `(\w+)` \| `?([^|`]+?)`? \|", SETTINGS, re.MULTILINE))
    settings, times = load({}), load({}).timeouts
    account = load({"MINIMAX_API_KEY": "k"}).account
    assert account is not None
    assert described["MINIMAX_BASE_URL"] == account.base_url
    assert described["MINIMAX_API"] == settings.api
    assert described["MINIMAX_MODEL"] == settings.model
    assert described["MMQ_CALLS"] == str(settings.calls)
    assert Path(described["MMQ_HOME"]).resolve() == settings.home
    names = ("CONNECT", "FIRST_BYTE", "IDLE", "TOTAL")
    assert [float(described[f"MMQ_{name}_TIMEOUT"]) for name in names] == [
        times.connect,
        times.first_byte,
        times.idle,
        times.total,
    ]
    assert {described[f"MMQ_{name}"] for name in ("RPM", "TPM", "CONCURRENCY")} == {"learned"}
    assert settings.budget == type(settings.budget)()


def test_the_errors_page_is_the_table() -> None:
    """docs/errors.md is what `make docs` writes, and leaves no way of failing out."""
    text = errors_page.PAGE.read_text("utf-8")
    assert errors_page.written(text) == text
    assert sorted(errors_page.actions(text)) == sorted(Action)


@every_page
def test_json_that_is_shown_is_json(page: Path) -> None:
    """Every line of a JSON block can be parsed."""
    for block in blocks(page, "json"):
        assert all(json.loads(line) for line in block.text.splitlines())


def test_input_that_is_shown_can_be_run() -> None:
    """The lines that docs/formats.md gives as input pass all checks without a remark."""
    shown = blocks(ROOT / "docs" / "formats.md", "json")[0].text
    model = {"model": load({}).model}
    lines = list(read_stream(io.BytesIO(shown.encode()), Format.JSONL, judge=Judge(load({}).payers), defaults=model))
    assert len(lines) == len(shown.splitlines())
    assert all(isinstance(line, Line) and not line.warnings for line in lines)
