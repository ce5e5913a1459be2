"""The queue at work: what `mmq top` shows, as values and laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mmq.report.budgets import BudgetView
from mmq.report.overview import LaneState, WorkerState
from mmq.report.progress import Pause
from mmq.report.words import counted, cut, duration, safe

LONGEST_MESSAGE = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed. `request_id` is its last call's, None if MiniMax gave none."""

    job: str
    at: datetime
    lane: str
    model: str
    account: str | None
    code: str
    message: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Watched:
    """The queue at one moment. `a_minute` counts the jobs of each lane that ended in the last minute."""

    at: datetime
    lanes: Sequence[LaneState]
    a_minute: Mapping[str, int]
    budgets: Sequence[BudgetView]
    note: str  #: what could not be seen
    workers: Sequence[WorkerState]
    pauses: Sequence[Pause]
    failures: Sequence[Failure]  #: the newest first

    def as_json(self) -> dict[str, Any]:
        """Return all there is by name."""
        return asdict(self)


def rendered(seen: Watched) -> RenderableType:
    """Return one screen: what is amiss, lanes, budgets, workers, the last failures."""
    parts: list[RenderableType] = [Text(f"mmq top · {_clock(seen.at)}", style="bold"), Text()]
    for pause in seen.pauses:
        parts += [Text(f"{safe(str(pause))}; {safe(pause.mend)}", style="bold red"), Text()]
    if seen.note:
        parts += [Text(safe(seen.note), style="yellow"), Text()]
    parts += [_lanes(seen), Text(), _budgets(seen.budgets), Text(), _workers(seen), Text(), _failures(seen.failures)]
    return Padding(Group(*parts), (0, 2))


def _table(*columns: str) -> Table:
    """Return a table; columns that begin with # hold numbers, those with ~ may be cut off."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for name in columns:
        cuttable, number = name.startswith("~"), name.startswith("#")
        table.add_column(
            name.lstrip("#~"),
            justify="right" if number else "left",
            no_wrap=True,
            overflow="ellipsis" if cuttable else "fold",
        )
    return table


def _kept(table: Table) -> Table:
    """Let a narrow screen cut only what may be cut: a request id is there to be copied."""
    for column in table.columns:
        if column.overflow != "ellipsis":
            column.min_width = max(len(str(cell)) for cell in (column.header, *column.cells))
    return table


def _lanes(seen: Watched) -> Table:
    table = _table("lane", "#queued", "#running", "#ended a minute", "")
    for lane in seen.lanes:
        ended = f"{seen.a_minute.get(lane.name, 0):,}"
        paused = Text("paused" if lane.paused else "", style="bold red")
        table.add_row(lane.name, f"{lane.queued:,}", f"{lane.running:,}", ended, paused)
    return table


def _budgets(budgets: Sequence[BudgetView]) -> RenderableType:
    if not budgets:
        return Text("no budget is in use", style="dim")
    table = _table("~budget", "#requests/min", "#tokens/min", "#at once", "gate")
    for view in budgets:
        cells = [_used(view, name) for name in ("rpm", "tpm", "concurrency")]
        gate = Text(f"closed for {duration(view.gate_s)}", style="yellow") if view.gate_s else Text("open")
        table.add_row(Text(f"{safe(view.account)} · {safe(view.model)}"), *cells, gate)
    return _kept(table)


def _used(view: BudgetView, name: str) -> str:
    """Return `12 of 500`, `12` where there is no limit, nothing where nobody knows."""
    limit = view.limits[name]
    most = limit.in_force or limit.set or limit.configured
    used = "" if limit.used is None else _short(limit.used)
    return f"{used or '?'} of {_short(most)}" if most is not None else used


def _short(value: float) -> str:
    """Return `850`, `12.5k`, `20M`: figures of tokens would take the screen's width."""
    for least, unit in ((1e6, "M"), (1e4, "k")):
        if value >= least:
            scaled = value / (1e6 if unit == "M" else 1e3)
            return f"{scaled:.1f}".removesuffix(".0") + unit
    return f"{value:,.0f}"


def _workers(seen: Watched) -> RenderableType:
    if not seen.workers:
        return Text("no worker is running; `mmq up` or `mmq run` starts one", style="yellow")
    table = _table("~worker", "lanes", "#calls at most", "since")
    for worker in seen.workers:
        table.add_row(Text(safe(worker.name)), worker.lanes, f"{worker.calls:,}", _clock(worker.started_at))
    return _kept(table)


def _failures(failures: Sequence[Failure]) -> RenderableType:
    if not failures:
        return Text("no job has failed lately", style="dim")
    table = _table("failed", "code", "request id", "~message")
    for failure in failures:
        message = Text(safe(cut(failure.message, LONGEST_MESSAGE)), style="dim")
        table.add_row(
            _clock(failure.at), Text(safe(failure.code), style="red"), Text(safe(failure.request_id or "none")), message
        )
    told = f"mmq show JOB tells more of one; the newest is {safe(failures[0].job)}"
    return Group(
        Text(f"the last {counted(len(failures), 'failure')}", style="dim"), _kept(table), Text(told, style="dim")
    )


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")
