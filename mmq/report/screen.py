"""Where a run shows itself: live on a terminal, a line now and then elsewhere, or not at all. Always on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self, TextIO

from mmq.report.progress import Progress, line
from mmq.report.words import safe

LINE_EVERY_S = 5.0


class Screen(Protocol):
    """What a run needs to show itself."""

    def say(self, text: str) -> None:
        """Show a message that stays."""

    def complain(self, text: str) -> None:
        """Show what is wrong with the input: also to those who want to see nothing else."""

    def show(self, progress: Progress) -> None:
        """Show how far it is. Replaces what was shown before, where that can be done."""

    def clear(self) -> None:
        """Take the progress away."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Plain:
    """Lines, for pipes and logs: the first look, then one every few seconds."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._next = 0.0
        self._told: set[str] = set()

    def say(self, text: str) -> None:
        """Print a line, unless quiet."""
        if not self._quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Print a line."""
        print(safe(text, lines=True), file=self._stream, flush=True)

    def show(self, progress: Progress) -> None:
        """Print a line if the last one is old, or if something has been paused since or is newly amiss."""
        news = {text for text in (*map(str, progress.pauses), progress.note) if text}
        if time.monotonic() >= self._next or news - self._told:
            self.say(f"mmq: {line(progress)}")
            self._next = time.monotonic() + LINE_EVERY_S
        self._told = news

    def clear(self) -> None:
        """Do nothing: what is printed is printed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def screen(title: str, *, quiet: bool) -> Screen:
    """Return the screen that fits stderr. `title` heads a live one."""
    if quiet or not sys.stderr.isatty():
        return Plain(sys.stderr, quiet=quiet)
    from mmq.report.live import Live  # noqa: PLC0415

    return Live(title)
