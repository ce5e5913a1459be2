"""Draws a contest: bars of the medians, a panel a scenario, the best on top, the spread as whiskers.

python bars.py RESULTS.json PICTURE.png FIGURE most|least

The last says what is best. Contenders that lost calls stand below the others, hollow: giving up is quick.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

OURS, OTHERS = "#1f6f8b", "#b9c4c9"
FAR_APART = 50  # times the least: the axis is logarithmic then
ROUND = 100  # from here on figures are told without decimals

Figures = dict[str, float]


def main(source: str, target: str, figure: str, best: str) -> None:
    runs = [run for run in json.loads(Path(source).read_text("utf-8"))["runs"] if figure in run["figures"]]
    scenarios = list(dict.fromkeys(run["scenario"] for run in runs))
    if not scenarios:
        sys.exit("nothing was measured")
    many = [len({run["contender"] for run in runs if run["scenario"] == scenario}) for scenario in scenarios]
    drawing, panels = plt.subplots(
        len(scenarios),
        1,
        figsize=(9, sum(1.2 + 0.3 * count for count in many)),
        height_ratios=[1.2 + 0.3 * count for count in many],
        squeeze=False,
        layout="constrained",
    )
    for scenario, panel in zip(scenarios, panels[:, 0], strict=True):
        by_name: dict[str, list[Figures]] = {}
        for run in runs:
            if run["scenario"] == scenario:
                by_name.setdefault(run["contender"], []).append(run["figures"])
        draw(panel, by_name, figure, -1 if best == "most" else 1)
        panel.set_title(scenario, loc="left", fontsize=10)
    drawing.savefig(target, dpi=110)


def draw(panel: Axes, by_name: dict[str, list[Figures]], figure: str, sign: int) -> None:
    middle = {name: median(run[figure] for run in runs) for name, runs in by_name.items()}
    lost = {name: median(run.get("lost", 0) for run in runs) for name, runs in by_name.items()}
    names = sorted(by_name, key=lambda name: (lost[name] > 0, sign * middle[name]))
    if max(middle.values()) > FAR_APART * min(middle.values()):
        panel.set_xscale("log")
    for place, name in enumerate(names):
        values = [run[figure] for run in by_name[name]]
        panel.barh(place, middle[name], **look(name, hollow=lost[name] > 0))
        panel.plot([min(values), max(values)], [place, place], color="#333", linewidth=1)
        told = f" {middle[name]:,.{0 if middle[name] >= ROUND else 1}f}"
        told += f", {lost[name]:.0f} lost" if lost[name] else ""
        panel.annotate(told, (max(values), place), va="center", fontsize=8)
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    panel.margins(x=0.12)
    panel.set_xlabel(figure)
    panel.spines[["top", "right"]].set_visible(False)


def look(name: str, *, hollow: bool) -> dict[str, Any]:
    colour = OURS if name.startswith("MiniMax Queue") else OTHERS
    return {"facecolor": "none" if hollow else colour, "edgecolor": colour}


if __name__ == "__main__":
    main(*sys.argv[1:])
