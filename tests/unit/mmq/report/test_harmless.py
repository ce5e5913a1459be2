"""Nothing that MiniMax says, or that stands in an input, drives the terminal that shows it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from mmq.cli.failure import complain
from mmq.formats.record import BadLine
from mmq.report.live import Live, drawn
from mmq.report.progress import Hold, Pause, Progress
from mmq.report.remarks import Remarks
from mmq.report.screen import Plain
from worker.errors import InvalidRequest, NotFound, Problem

NASTY = [
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil\x1b\\link",
    "\x9b31m",
    "\x90payload\x9c",
    "safe\rhidden",
    "\u202etxt.exe",
    "\u2066isolated\u2069",
    "zero\u200bwidth",
    "bell\x07\x08\x7f",
    "\u2028line\u2029",
    "[bold red]markup[/]",
]


def plain(nasty: str) -> str:
    stream = StringIO()
    Plain(stream).say(nasty)
    Plain(stream).show(progress(nasty))
    Remarks(Plain(stream).complain, nasty).take(BadLine(1, nasty, (Problem(nasty, nasty, nasty),)))
    return stream.getvalue()


def live(nasty: str) -> str:
    stream = StringIO()
    console = Console(file=stream, width=200, color_system=None, force_terminal=False)
    Live(nasty, console).say(nasty)
    console.print(drawn("title", progress(nasty), 200))
    return stream.getvalue()


def progress(nasty: str) -> Progress:
    pause = Pause("account", nasty, nasty, nasty, nasty)
    return Progress(waiting=1, pauses=[pause], note=nasty, holds=[Hold(nasty, 1, 1.0, nasty)])


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("shown", [plain, live])
def test_what_comes_from_outside_is_shown_and_not_obeyed(shown: Callable[[str], str], nasty: str) -> None:
    """Terminal controls, titles, links, overprinting and turned directions are seen as escapes; markup as it is."""
    assert not obeyed(shown(nasty))


@pytest.mark.parametrize("nasty", NASTY)
def test_an_error_is_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str], nasty: str) -> None:
    """Its message, its field and its remedy."""
    complain(InvalidRequest([Problem(nasty, nasty, nasty)]))
    complain(NotFound(nasty))
    assert not obeyed(capsys.readouterr().err)


def obeyed(text: str) -> set[str]:
    """The characters of a text that a terminal would obey, but for ends of lines."""
    return {character for character in text if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}} - {"\n"}
