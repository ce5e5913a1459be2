"""One job with all its attempts, for people and for programs. What came from outside is made harmless."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mmq.report.outlook import Outlook
from mmq.report.words import counted, cut, duration, safe
from models.table import Row

LONGEST_BODY = 2000  # characters of an error body; --json gives all of it
STATES = {"succeeded": "green", "failed": "bold red", "cancelled": "yellow", "expired": "yellow"}


@dataclass(frozen=True, slots=True)
class Record:
    """A row of `jobs`, its rows of `attempts`, and what it waits for (None: nothing)."""

    job: Row
    attempts: Sequence[Row]
    outlook: Outlook | None
    now: datetime


def as_record(record: Record, *, prompt: bool, answer: bool) -> dict[str, Any]:
    """Return every column by its name, the request and the answer only if wanted; moments in ISO 8601."""
    job = record.job._asdict()
    attempts = [row._asdict() for row in record.attempts]
    job["request"] = json.loads(job["request"]) if prompt else None
    for attempt in attempts:
        attempt["answer"] = json.loads(attempt["answer"]) if answer and attempt["answer"] else None
    wait = {"waits_for": outlook.text if (outlook := record.outlook) else None, "wait": outlook and asdict(outlook)}
    whole = {**job, **wait, "attempts_begun": job["attempts"], "attempts": attempts}
    return {name: _iso(value) for name, value in whole.items()}


def rendered(record: Record, *, prompt: bool, answer: bool) -> RenderableType:
    """Return the job, its calls, its error bodies, and its texts if wanted."""
    parts: list[RenderableType] = [Text(), _facts(record)]
    if record.attempts:
        parts += [Text(), _calls(record)]
    for row in record.attempts:
        if row.error_body:
            parts += [Text(), Text(f"body of call {row.number}", style="dim")]
            parts.append(Text(cut(safe(row.error_body, lines=True), LONGEST_BODY)))
    if prompt:
        parts += [Text(), Text("request", style="dim"), Text(safe(_pretty(record.job.request), lines=True))]
    answered = next((row.answer for row in record.attempts if row.outcome == "succeeded"), None)
    if answer and answered:
        parts += [Text(), Text("answer", style="dim"), Text(safe(_text(answered), lines=True))]
    return Padding(Group(*parts, Text()), (0, 2))


def _facts(record: Record) -> Table:
    job = record.job
    table = _grid()
    table.add_row("job", Text(safe(job.id), style="bold"))
    table.add_row("state", Text(job.state, style=STATES.get(job.state, "bold")))
    if record.outlook:
        table.add_row("waits for", Text(safe(record.outlook.text), style="yellow"))
        if record.outlook.starts_at:
            table.add_row("likely to go", f"in about {_between(record.now, record.outlook.starts_at)}")
    if job.deadline and not job.finished_at:
        table.add_row("deadline", _deadline(record))
    if job.error_code:
        table.add_row("error", Text(f"{safe(job.error_code)}: {safe(job.error_message or '')}", style="red"))
        table.add_row("remedy", Text(safe(job.error_remedy or "")))
    if job.custom_id:
        table.add_row("custom id", Text(safe(job.custom_id)))
    table.add_row("batch", Text(safe(job.batch_id) if job.batch_id else "none"))
    table.add_row("lane, model", Text(f"{job.lane}, {safe(job.model)}"))
    table.add_row("accepted", _moment(job.created_at))
    if job.finished_at:
        table.add_row("ended", f"{_moment(job.finished_at)}, {_between(job.created_at, job.finished_at)} later")
    lost = sum(row.limited_s for row in record.attempts)
    if lost >= 0.05:
        table.add_row("waited", f"{duration(lost)} for its turn under the limits, and for retries")
    if job.rescues:
        table.add_row("rescued", f"{counted(job.rescues, 'time')}, from workers that died")
    return table


def _deadline(record: Record) -> Text:
    left = (record.job.deadline - record.now).total_seconds()
    if left <= 0:
        return Text("has passed; it expires within moments", style="red")
    if record.outlook and record.outlook.deadline_at_risk:
        return Text(f"in {duration(left)}: at risk, at the present rate its call goes out later", style="red")
    return Text(f"in {duration(left)}")


def _calls(record: Record) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for name, number in (("#", True), ("began", False), ("took", True), ("outcome", False), ("http", True)):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    table.add_column("code", no_wrap=True)
    table.add_column("request id", overflow="fold", min_width=24)
    table.add_column("message", overflow="fold")
    for row in record.attempts:
        table.add_row(
            str(row.number),
            row.started_at.astimezone().strftime("%H:%M:%S"),
            _between(row.started_at, row.finished_at or record.now)
            if row.duration_s is None
            else duration(row.duration_s),
            row.outcome or "under way",
            str(row.http_status or ""),
            safe(row.code or ""),
            Text(safe(row.request_id or "")),
            Text(safe(cut(row.message or row.warning or "", 200))),
        )
    return table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True, min_width=8)
    table.add_column(overflow="fold")
    return table


def _pretty(request: str) -> str:
    return json.dumps(json.loads(request), ensure_ascii=False, indent=2)


def _text(answer: str) -> str:
    return str(json.loads(answer)["choices"][0]["message"]["content"] or "")


def _moment(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _between(start: datetime, end: datetime) -> str:
    return duration((end - start).total_seconds())


def _iso(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _iso(item) for name, item in value.items()}
    return [_iso(item) for item in value] if isinstance(value, list) else value
