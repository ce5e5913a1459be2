"""How a batch's progress is told."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from mmq.report.live import drawn
from mmq.report.progress import Hold, Pause, Progress, line
from mmq.report.screen import Plain

UNDER_WAY = Progress(done=100, failed=4, in_flight=12, waiting=84, elapsed_s=9.0, per_minute=700, left_s=8.2, holds=[])
GATE = Hold("MiniMax-M2.7", 30, 1.4, "requests a minute")
TURN = Hold("MiniMax-M2.7", 30, 0.0, None)
BROKE = Pause("account", "default", "1008", "no balance", "top up")


def test_a_line_tells_all_figures() -> None:
    """Ended and total, each figure, and the time left."""
    expected = "104 of 200: 100 done, 4 failed, 12 in flight, 84 waiting, 700 a minute, about 8.2 s left"
    assert line(UNDER_WAY) == expected


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (Progress(waiting=1, holds=[GATE]), "MiniMax refused by a limit (requests a minute): next call in 1.4 s"),
        (Progress(waiting=1, holds=[TURN]), "30 calls waiting for a turn"),
        (Progress(waiting=1, pauses=[BROKE]), "account default is paused by MiniMax's 1008: no balance; top up"),
        (
            Progress(waiting=1, pauses=[Pause("lane", "bulk", None, None, None)]),
            "lane bulk is paused, by a person; mmq resume lane bulk",
        ),
        (Progress(done=1, withdrawn=2), "2 withdrawn"),
        (Progress(note="reading: 3,000 lines"), "reading: 3,000 lines"),
    ],
)
def test_what_holds_jobs_back_is_named(progress: Progress, said: str) -> None:
    """Limits with the time to the next call, pauses with their remedy, and what a run is doing."""
    assert said in line(progress)


@pytest.mark.parametrize("width", [110, 80, 50])
def test_the_display_fits_its_width_and_keeps_its_height(width: int) -> None:
    """However narrow the terminal: no line is longer, and a hold that comes and goes moves nothing."""
    heights = set()
    for holds in ([], [GATE]):
        console = Console(file=StringIO(), width=width, color_system=None)
        layout = drawn("prompts.jsonl → answers.jsonl", Progress(done=1, waiting=2, holds=holds), width)
        lines = console.render_lines(layout, pad=False)
        heights.add(len(lines))
        assert max(sum(segment.cell_length for segment in row) for row in lines) <= width
    assert len(heights) == 1


def test_plain_output_is_lines_now_and_then() -> None:
    """Two looks in a moment make one line; an account that gets paused is told at once; no escape codes."""
    stream = StringIO()
    plain = Plain(stream)
    for progress in (UNDER_WAY, UNDER_WAY, Progress(waiting=1, pauses=[BROKE]), Progress(waiting=1, pauses=[BROKE])):
        plain.show(progress)
    written = stream.getvalue()
    assert [text.split(":")[0] for text in written.splitlines()] == ["mmq", "mmq"]
    assert "paused" in written
    assert "\x1b" not in written


def test_plain_output_tells_at_once_what_is_newly_amiss() -> None:
    """A service that goes away is named when it is noticed, and once, not at the next line that is due."""
    stream = StringIO()
    plain = Plain(stream)
    for note in ("", "Redis does not answer", "Redis does not answer", ""):
        plain.show(Progress(waiting=1, note=note))
    assert ["Redis" in text for text in stream.getvalue().splitlines()] == [False, True]


def test_quiet_says_nothing_but_what_is_wrong() -> None:
    """Neither progress nor messages; bad lines, since they will be missing from the answers."""
    stream = StringIO()
    plain = Plain(stream, quiet=True)
    plain.show(UNDER_WAY)
    plain.say("withdrew a job")
    assert not stream.getvalue()
    plain.complain("line 3: bad")
    assert stream.getvalue() == "line 3: bad\n"
