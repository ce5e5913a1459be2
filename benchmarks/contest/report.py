"""A contest's outcomes as a table: medians with their spread, and how each compares to ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.contest.outcome import Outcome, results


@dataclass(frozen=True, slots=True)
class Columns:
    """What a contest's table shows; `first` is what it is ordered and compared by, the more or the less the better."""

    first: str
    more_is_better: bool
    others: tuple[str, ...]
    ours: str  #: the contender that the ratios are to


def write(contest: str, columns: Columns, outcomes: Sequence[Outcome], facts: dict[str, Any]) -> None:
    """Write `results/CONTEST.md` and `.json`."""
    text = json.dumps({"machine": facts, "runs": [asdict(one) for one in outcomes]}, indent=1, ensure_ascii=False)
    results(contest, ".json").write_text(text + "\n", "utf-8")
    told = ", ".join(f"{word} {value}" for word, value in facts.items())
    results(contest, ".md").write_text(f"# Compared: {contest}\n\n{told}\n{tables(columns, outcomes)}", "utf-8")


def tables(columns: Columns, outcomes: Sequence[Outcome]) -> str:
    """Return one Markdown table a scenario."""
    scenarios = list(dict.fromkeys(outcome.scenario for outcome in outcomes))
    return "".join(f"\n## {name}\n\n{table(columns, _of(outcomes, name))}\n" for name in scenarios)


def table(columns: Columns, outcomes: Sequence[Outcome]) -> str:
    """Return a scenario's table, best first, then those that lost calls, then those that failed with their reason."""
    by_name = {name: [one for one in outcomes if one.contender == name] for name in _names(outcomes)}
    done = {name: [one for one in runs if one.figures] for name, runs in by_name.items()}
    middles = {name: _middle(runs, columns.first) for name, runs in done.items() if runs}
    heads = ["contender", columns.first, "against ours", *columns.others, "runs"]
    lines = [f"| {' | '.join(heads)} |", f"| --- {'| ---: ' * (len(heads) - 1)}|"]
    ours = middles.get(columns.ours)
    sign = -1 if columns.more_is_better else 1
    lost = {name: any(run.figures.get("lost") for run in runs) for name, runs in done.items()}
    # Whoever gives calls up is done sooner: that is no merit.
    for name in sorted(middles, key=lambda one: (lost[one], sign * middles[one])):
        ratio = f"{middles[name] / ours:.2f}" if ours else ""
        cells = [_spread(done[name], columns.first), ratio, *(_spread(done[name], one) for one in columns.others)]
        lines.append(f"| {name} | {' | '.join(cells)} | {len(done[name])} of {len(by_name[name])} |")
    for name, runs in by_name.items():
        if name not in middles:
            lines.append(f"| {name} | failed: {runs[-1].reason} {'| ' * (len(heads) - 2)}| 0 of {len(runs)} |")
    return "\n".join(lines)


def number(value: float) -> str:
    """Return a figure in three digits or so."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _spread(runs: Sequence[Outcome], name: str) -> str:
    values = [run.figures[name] for run in runs if name in run.figures]
    if not values:
        return ""
    least, most = min(values), max(values)
    middle = number(median(values))
    return middle if number(least) == number(most) else f"{middle} ({number(least)} to {number(most)})"


def _middle(runs: Sequence[Outcome], name: str) -> float:
    return median(run.figures[name] for run in runs)


def _of(outcomes: Iterable[Outcome], scenario: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.scenario == scenario]


def _names(outcomes: Iterable[Outcome]) -> list[str]:
    return list(dict.fromkeys(outcome.contender for outcome in outcomes))
