"""What the doctor found, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mmq.doctor.check import Check, Level
from mmq.report.words import counted, safe

MARKS = {Level.OK: ("✓", "green"), Level.WARN: ("!", "yellow"), Level.FAIL: ("✗", "bold red")}


def rendered(checks: Sequence[Check]) -> RenderableType:
    """Return a line for each finding, its remedy below it, and the verdict at the end."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for found in checks:
        mark, style = MARKS[found.level]
        table.add_row(Text(mark, style=style), safe(found.name), Text(safe(found.found)))
        if found.remedy:
            table.add_row("", "", Text(safe(found.remedy), style="dim"))
    return Padding(Group(Text(), table, Text(), _verdict(checks), Text()), (0, 2))


def _verdict(checks: Sequence[Check]) -> Text:
    failed = sum(found.level is Level.FAIL for found in checks)
    warned = sum(found.level is Level.WARN for found in checks)
    if failed:
        return Text(f"{counted(failed, 'thing')} must be mended before jobs can run", style="bold red")
    if warned:
        return Text(f"jobs can run; {counted(warned, 'thing')} should be looked at", style="yellow")
    return Text("all is well", style="green")
