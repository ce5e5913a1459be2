"""What became of a batch, for the person who waited for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mmq.report.words import counted, duration, safe


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failed jobs of one code. `example` is the id of one of them."""

    code: str
    jobs: int
    meaning: str
    remedy: str
    example: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A batch at one moment. Calls and tokens are those of all runs of it."""

    batch_id: str
    lines: int  #: of the input, bad ones included
    answered: int
    failed: int
    withdrawn: int  #: cancelled or expired
    open: int  #: not finished
    bad_lines: int
    before: int  #: of `answered`, those that an earlier run had brought
    seconds: float | None
    calls: int
    calls_failed: int  #: refused for other reasons than limits, or broken
    calls_late: int  #: answered when the job had been answered or withdrawn
    calls_broken_off: int  #: by us, or with a worker that died
    refused_by_limits: int
    limit_codes: Sequence[str]
    waited_s: float  #: for limits and retries, all jobs together
    prompt_tokens: int
    completion_tokens: int
    failures: Sequence[FailureGroup]
    answers_file: str | None = None
    errors_file: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every line of the input has its answer."""
        return self.answered == self.lines

    def as_json(self) -> dict[str, Any]:
        """Return all fields by name."""
        return asdict(self)


def rendered(summary: Summary, again: str | None = None) -> RenderableType:
    """Return the summary for a terminal or a file; width and colour are the console's.

    `again` tells how what failed is asked once more.
    """
    parts: list[RenderableType] = [Text(), _headline(summary), Text(), _figures(summary)]
    if summary.failures:
        parts += [Text(), _failures(summary.failures)]
    parts += [Text(), _places(summary, again), Text()]
    return Padding(Group(*parts), (0, 2))


def _headline(summary: Summary) -> Text:
    text = Text()
    style = "bold green" if summary.complete else "bold"
    text.append(f"{summary.answered:,} of {summary.lines:,} answered", style=style)
    for count, words, colour in (
        (summary.failed, f"{summary.failed:,} failed", "red"),
        (summary.bad_lines, f"{counted(summary.bad_lines, 'line')} not run", "red"),
        (summary.withdrawn, f"{summary.withdrawn:,} withdrawn", "yellow"),
        (summary.open, f"{summary.open:,} still open", "yellow"),
    ):
        if count:
            text.append(", ")
            text.append(words, style=colour)
    if summary.seconds is not None:
        text.append(f"  in {duration(summary.seconds)}", style="dim")
    return text


def _figures(summary: Summary) -> Table:
    table = _grid()
    if summary.before:
        table.add_row("before", f"{counted(summary.before, 'answer')} had come in an earlier run; not asked again")
    tokens = f"{summary.prompt_tokens:,} in, {summary.completion_tokens:,} out"
    table.add_row("tokens", tokens)
    table.add_row("calls", _calls(summary))
    if summary.refused_by_limits:
        codes = ", ".join(summary.limit_codes)
        jobs = max(summary.answered + summary.failed, 1)
        refused = f"{counted(summary.refused_by_limits, 'call')} refused ({codes}) and made again"
        table.add_row("limits", f"{refused}; a job waited {duration(summary.waited_s / jobs)} for its turn, on average")
    return table


def _calls(summary: Summary) -> str:
    ended = (summary.answered, summary.refused_by_limits, summary.calls_failed)
    out = summary.calls - sum(ended) - summary.calls_late - summary.calls_broken_off
    figures = [f"{summary.answered:,} answered"]
    for count, words in (
        (summary.refused_by_limits, "refused by limits"),
        (summary.calls_failed, "failed"),
        (summary.calls_late, "answered too late"),
        (summary.calls_broken_off, "broken off"),
        (out, "still out"),
    ):
        if count > 0:
            figures.append(f"{count:,} {words}")
    return f"{summary.calls:,}: {', '.join(figures)}"


def _failures(groups: Sequence[FailureGroup]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="bold red", no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for group in groups:
        table.add_row(f"{group.jobs:,}", safe(group.code), Text(safe(group.meaning)))
        table.add_row("", "", Text(safe(group.remedy), style="dim"))
        table.add_row("", "", Text(f"mmq show {safe(group.example)}", style="cyan"))
    return table


def _places(summary: Summary, again: str | None) -> Table:
    table = _grid()
    if summary.answers_file:
        table.add_row("answers", Text(safe(summary.answers_file), style="bold"))
    if summary.errors_file:
        table.add_row("failures", Text(safe(summary.errors_file), style="bold"))
    if summary.failed and again:
        table.add_row("again", Text(again, style="cyan"))
    table.add_row("more", Text(f"mmq status {summary.batch_id}", style="cyan"))
    return table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True, min_width=8)
    table.add_column(overflow="fold")
    return table
