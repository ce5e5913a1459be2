"""What accounts may spend on models, and spend now, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mmq.report.words import counted, duration, safe

WORDS = {"rpm": "requests a minute", "tpm": "tokens a minute", "concurrency": "calls at once"}
REFUSED = {"requests": "request rate", "tokens": "token rate", "concurrency": "calls at once", "slope": "sudden rise"}


@dataclass(frozen=True, slots=True)
class Allowance:
    """One dimension of a budget; None: nobody limits it there.

    `configured` by environment or mmq.toml, `set` by `mmq limits set`, `learned` from refusals or by growing from what
    is published, `in_force` what workers last paced by, `used` in the last minute, or at this moment for calls at once;
    the last three are None while nobody knows.
    """

    configured: float | None
    set: float | None
    learned: float | None
    in_force: float | None
    used: float | None


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One account's budget for one model. `gate_s` 0: open; `refused` by dimension since Redis knows the budget."""

    account: str
    model: str
    limits: Mapping[str, Allowance]  #: by "rpm", "tpm", "concurrency"
    gate_s: float = 0.0
    refusals: int = 0  #: in a row
    refused: Mapping[str, int] | None = None
    waiting: Mapping[str, int] | None = None  #: calls by lane that workers hold, waiting for this budget


def rendered(views: Sequence[BudgetView], note: str = "") -> RenderableType:
    """Return a block for each budget, and what is amiss above them."""
    parts: list[RenderableType] = [Text()]
    if note:
        parts += [Text(safe(note), style="yellow"), Text()]
    for view in views:
        parts += [Text(f"{safe(view.account)} · {safe(view.model)}", style="bold"), _figures(view), _now(view), Text()]
    if not views:
        parts += [Text("no budget is in use or configured; the first job of a model begins one", style="dim"), Text()]
    return Padding(Group(*parts), (0, 2))


def _figures(view: BudgetView) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column("", min_width=17, no_wrap=True)
    for name in ("configured", "set", "learned", "in force", "used"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, limit in view.limits.items():
        unlimited = limit.configured is None and limit.set is None and limit.in_force is None
        table.add_row(
            WORDS[name],
            _figure(limit.configured) or ("unlimited" if unlimited else ""),
            _figure(limit.set),
            _figure(limit.learned),
            _figure(limit.in_force),
            "" if limit.used is None else _figure(limit.used) or "0",
        )
    return table


def _now(view: BudgetView) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", min_width=17, no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("gate", _gate(view))
    if view.refused:
        told = (f"{REFUSED.get(name, name)} {count:,}" for name, count in sorted(view.refused.items()))
        table.add_row("refusals so far", " · ".join(told))
    if view.waiting is not None:
        table.add_row("calls waiting", " · ".join(f"{lane} {calls:,}" for lane, calls in view.waiting.items()))
    return table


def _gate(view: BudgetView) -> Text:
    if not view.gate_s:
        return Text("open")
    told = f"closed for {duration(view.gate_s)} more, after {counted(view.refusals, 'refusal')} in a row"
    return Text(told, style="yellow")


def _figure(value: float | None) -> str:
    """Return `1,200`, `0.5`, or nothing for what is not limited."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"
