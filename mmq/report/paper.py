"""Printing what was laid out: in colour and to the width of a terminal, else as plain text."""

from __future__ import annotations

from io import StringIO
from typing import TextIO

from rich.console import Console, RenderableType

PLAIN_WIDTH = 110


def put(layout: RenderableType, stream: TextIO) -> None:
    """Print on a stream. A pipe or a file gets no colours and no spaces at the ends of lines."""
    if stream.isatty():
        Console(file=stream, highlight=False).print(layout)
        return
    buffer = StringIO()
    Console(file=buffer, highlight=False, width=PLAIN_WIDTH, color_system=None, force_terminal=False).print(layout)
    for line in buffer.getvalue().splitlines():
        print(line.rstrip(), file=stream)
    stream.flush()
