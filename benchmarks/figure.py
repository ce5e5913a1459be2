"""One measured figure and the limit that it is measured against."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is to be at most or at least `limit`; None has no limit and is told for comparison."""

    scenario: str
    name: str
    value: float
    unit: str = ""
    side: Literal["at most", "at least"] = "at most"
    limit: float | None = None

    @property
    def held(self) -> bool | None:
        """Whether the limit was kept."""
        if self.limit is None:
            return None
        return self.value <= self.limit if self.side == "at most" else self.value >= self.limit


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table, in their order."""
    lines = ["| scenario | figure | measured | limit | |", "| --- | --- | ---: | ---: | --- |"]
    shown = ""
    for figure in figures:
        scenario = "" if figure.scenario == shown else figure.scenario
        limit = "" if figure.limit is None else f"{figure.side} {_number(figure.limit)} {figure.unit}".rstrip()
        verdict = {None: "", True: "held", False: "**missed**"}[figure.held]
        value = f"{_number(figure.value)} {figure.unit}".rstrip()
        lines.append(f"| {scenario} | {figure.name} | {value} | {limit} | {verdict} |")
        shown = figure.scenario
    return "\n".join(lines)


def write(name: str, figures: Sequence[Figure], facts: dict[str, Any]) -> None:
    """Write `results/NAME.md` and `results/NAME.json`."""
    RESULTS.mkdir(exist_ok=True)
    told = ", ".join(f"{word} {value}" for word, value in facts.items())
    (RESULTS / f"{name}.md").write_text(f"# Measured: {name}\n\n{told}\n\n{table(figures)}\n", encoding="utf-8")
    rows = [{**asdict(figure), "held": figure.held} for figure in figures]
    text = json.dumps({"machine": facts, "figures": rows}, indent=1, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}".rstrip("0").rstrip(".")
