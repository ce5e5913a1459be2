"""The whole queue at one moment, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mmq.report.progress import Pause
from mmq.report.words import counted, safe


@dataclass(frozen=True, slots=True)
class LaneState:
    """One lane: jobs that wait, jobs that workers hold."""

    name: str
    queued: int
    running: int
    paused: bool


@dataclass(frozen=True, slots=True)
class AccountState:
    """One account of the settings. `models` None: all that its API serves."""

    name: str
    api: str
    base_url: str
    models: Sequence[str] | None
    paused: bool


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One living worker. `lanes` are joined by commas, `calls` is how many it makes at a time."""

    name: str
    lanes: str
    calls: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class BatchState:
    """One batch: how many of its jobs are in each state."""

    id: str
    name: str
    created_at: datetime
    jobs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole queue."""

    lanes: Sequence[LaneState]
    accounts: Sequence[AccountState]
    workers: Sequence[WorkerState]
    pauses: Sequence[Pause]
    batches: Sequence[BatchState]


def rendered(overview: Overview) -> RenderableType:
    """Return what there is, most general first; what there is none of is said in a word."""
    parts: list[RenderableType] = [Text()]
    for pause in overview.pauses:
        parts += [Text(safe(str(pause)), style="bold red"), Text(safe(pause.mend)), Text()]
    parts += [_lanes(overview.lanes), Text(), _accounts(overview.accounts), Text()]
    parts += [_workers(overview.workers), Text(), _batches(overview.batches), Text()]
    return Padding(Group(*parts), (0, 2))


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for name in columns:
        number = name.startswith("#")
        table.add_column(name.removeprefix("#"), justify="right" if number else "left", no_wrap=number)
    return table


def _lanes(lanes: Sequence[LaneState]) -> Table:
    table = _table("lane", "#waiting", "#in hand", "")
    for lane in lanes:
        table.add_row(lane.name, f"{lane.queued:,}", f"{lane.running:,}", "paused" if lane.paused else "")
    return table


def _accounts(accounts: Sequence[AccountState]) -> Table:
    table = _table("account", "api", "at", "models", "")
    for account in accounts:
        models = "all" if account.models is None else ", ".join(account.models)
        table.add_row(
            account.name, account.api, safe(account.base_url), safe(models), "paused" if account.paused else ""
        )
    return table


def _workers(workers: Sequence[WorkerState]) -> RenderableType:
    if not workers:
        return Text("no worker is running; `mmq up` or `mmq run` starts one", style="dim")
    table = _table("worker", "lanes", "#calls at once", "since")
    for worker in workers:
        table.add_row(safe(worker.name), worker.lanes, f"{worker.calls:,}", _moment(worker.started_at))
    return table


def _batches(batches: Sequence[BatchState]) -> RenderableType:
    if not batches:
        return Text("no batches yet", style="dim")
    table = _table("batch", "name", "from", "#jobs", "#answered", "#failed", "#open")
    for batch in batches:
        jobs = batch.jobs
        open_jobs = jobs.get("queued", 0) + jobs.get("running", 0)
        failed = jobs.get("failed", 0) + jobs.get("cancelled", 0) + jobs.get("expired", 0)
        figures = (sum(jobs.values()), jobs.get("succeeded", 0), failed, open_jobs)
        table.add_row(batch.id, safe(batch.name), _moment(batch.created_at), *(f"{figure:,}" for figure in figures))
    table.columns[0].no_wrap = True  # an id is there to be copied
    if any(batch.jobs for batch in batches):
        return Group(
            table,
            Text(),
            Text(f"mmq status BATCH tells more of one; {counted(len(batches), 'batch', 'batches')} shown", style="dim"),
        )
    return table


def _moment(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")
