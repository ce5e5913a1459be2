"""What an input would cost and how long it would take, for people and programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mmq.report.words import counted, duration, safe

SIGNS = {"USD": "$", "CNY": "¥"}


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """What an input asks of one model. Tokens are estimates.

    `cost` is None where the catalogue has no price for some of the requests; `rpm` and `tpm` are the present limits of
    all accounts that serve it together, None: no limit is known; `minutes` is what these make of it, None without any.
    """

    model: str
    requests: int
    prompt_tokens: int
    answer_tokens: int
    cost: float | None
    currency: str | None
    prices_as_of: str | None
    rpm: float | None
    tpm: float | None
    minutes: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """An input, looked at before anything is spent. `answered` counts the answers that an earlier run brought."""

    source: str
    good: int
    bad: int
    answered: int
    tokens_an_answer: int  #: taken for each answer, or the request's own limit where that is lower
    models: Sequence[ModelPlan]
    bad_lines: Sequence[dict[str, Any]]  #: as they would stand in the errors file

    @property
    def minutes(self) -> float | None:
        """Models run beside each other: the slowest decides. None if one has no limit to judge by."""
        each = [model.minutes for model in self.models]
        return None if None in each else max((minutes for minutes in each if minutes is not None), default=0.0)

    @property
    def costs(self) -> dict[str, float] | None:
        """The cost by currency; None if a price is not known."""
        sums: defaultdict[str, float] = defaultdict(float)
        for model in self.models:
            if model.cost is None or model.currency is None:
                return None
            sums[model.currency] += model.cost
        return dict(sums)

    def as_json(self) -> dict[str, Any]:
        """Return all there is by name."""
        return {**asdict(self), "minutes": self.minutes, "costs": self.costs}


def rendered(plan: Plan) -> RenderableType:
    """Return the plan: what can run, each model's share, the sum, and what it rests on."""
    head = Text(f"{counted(plan.good, 'prompt')} can run", style="bold")
    if plan.bad:
        head.append(f", {counted(plan.bad, 'line')} cannot", style="red")
    parts: list[RenderableType] = [Text(), head]
    if plan.answered:
        told = f"{counted(plan.answered, 'answer')} came in an earlier run and would not be asked for again"
        parts.append(Text(f"{told}; the figures are for all", style="yellow"))
    if plan.models:
        parts += [Text(), _models(plan.models), Text(), _sum(plan)]
    return Padding(Group(*parts, Text()), (0, 2))


def _models(models: Sequence[ModelPlan]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column("model", overflow="fold")
    for name in ("prompts", "tokens in", "out, guessed", "cost", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    for model in models:
        table.add_row(
            Text(safe(model.model)),
            f"{model.requests:,}",
            f"{model.prompt_tokens:,}",
            f"{model.answer_tokens:,}",
            _money(model.cost, model.currency),
            "?" if model.minutes is None else duration(60 * model.minutes),
        )
    return table


def _sum(plan: Plan) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True, min_width=8)
    table.add_column(overflow="fold")
    costs = plan.costs
    if costs is None:
        table.add_row("cost", "not known: the catalogue lacks a price")
    else:
        dates = ", ".join(sorted({model.prices_as_of for model in plan.models if model.prices_as_of}))
        told = " and ".join(_money(cost, currency) for currency, cost in costs.items())
        table.add_row("cost", Text(f"{told}, by MiniMax's prices of {dates}", style="bold"))
    if plan.minutes is None:
        table.add_row("time", "not known: no limit is known to judge by")
    else:
        table.add_row("time", Text(f"at least {duration(60 * plan.minutes)}", style="bold"))
    for model in plan.models:
        table.add_row("limits", Text(_limits(model)))
    guess = f"an answer is taken to be {plan.tokens_an_answer:,} tokens long, unless its request allows fewer"
    table.add_row("guess", f"{guess}; --answer-tokens sets it")
    return table


def _limits(model: ModelPlan) -> str:
    rates = [
        f"{rate:,.0f} {words} a minute"
        for rate, words in ((model.rpm, "requests"), (model.tpm, "tokens"))
        if rate is not None
    ]
    return f"{safe(model.model)}: {' and '.join(rates) or 'none is known'}"


def _money(amount: float | None, currency: str | None) -> str:
    if amount is None or currency is None:
        return "?"
    sign = SIGNS.get(currency, f"{currency} ")
    return f"{sign}{amount:,.2f}" if amount >= 0.01 or not amount else f"under {sign}0.01"
