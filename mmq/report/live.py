"""The live display of a run on a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mmq.report.progress import Progress
from mmq.report.words import duration, safe

COLOURS = {"done": "green", "failed": "red", "withdrawn": "yellow", "in flight": "cyan"}
WIDEST = 100  # beyond this the eye loses the line


class Live:
    """Replaces itself in place; messages appear above it."""

    def __init__(self, title: str, console: Console | None = None) -> None:
        self._title = safe(title)
        self._console = console or Console(stderr=True, highlight=False)
        self._live = RichLive(console=self._console, auto_refresh=False, transient=True)

    def say(self, text: str) -> None:
        """Print a message above the display."""
        self._console.print(Text(safe(text, lines=True)))

    complain = say

    def show(self, progress: Progress) -> None:
        """Draw."""
        self._live.update(drawn(self._title, progress, min(self._console.width, WIDEST)), refresh=True)

    def clear(self) -> None:
        """Take the display away."""
        self._live.stop()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()


def drawn(title: str, progress: Progress, width: int) -> RenderableType:
    """Return the display: title, bar, figures, and what there is to know."""
    head = Table.grid(expand=True)
    head.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    head.add_column(justify="right", no_wrap=True)
    left = f" · about {duration(progress.left_s)} left" if progress.left_s else ""
    head.add_row(Text(title, style="bold"), Text(f"{duration(progress.elapsed_s)}{left}", style="dim"))

    share = f" {progress.ended:,}/{progress.total:,}"
    bar = Table.grid(expand=True)
    bar.add_column(ratio=1)
    bar.add_column(justify="right", no_wrap=True)
    bar.add_row(
        ProgressBar(total=max(progress.total, 1), completed=progress.ended, complete_style="green"), Text(share)
    )

    figures = Text()
    for word, number in progress.facts():
        colour = COLOURS.get(word, "") if number != "0" else "dim"
        figures.append(number, style=f"bold {colour}".strip())
        figures.append(f" {word}    ", style="dim")
    lines: list[RenderableType] = [Text(), head, bar, figures]
    lines += [Text(f"{safe(str(pause))}\n{safe(pause.mend)}", style="bold red") for pause in progress.pauses]
    lines += [
        Text(safe(remark), style="yellow", overflow="ellipsis", no_wrap=True) for remark in quiet_remarks(progress)
    ]
    frame = Table.grid(padding=(0, 2))
    frame.add_column(width=width - 4)
    frame.add_row(Group(*lines))
    return frame


def quiet_remarks(progress: Progress) -> list[str]:
    """Return the remarks that are no pauses; an empty one if there are none, so that the display keeps its height."""
    return progress.remarks()[len(progress.pauses) :] or [""]
