"""Draws a contest: bars of the medians, a panel a scenario, the spread as whiskers.

python bars.py RESULTS.json PICTURE.png FIGURE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

OURS, OTHERS = "#1f6f8b", "#b9c4c9"


def main(source: str, target: str, figure: str) -> None:
    runs = [run for run in json.loads(Path(source).read_text("utf-8"))["runs"] if figure in run["figures"]]
    scenarios = list(dict.fromkeys(run["scenario"] for run in runs))
    if not scenarios:
        sys.exit("nothing was measured")
    drawing, panels = plt.subplots(
        len(scenarios), 1, figsize=(9, 1 + 3.6 * len(scenarios)), squeeze=False, layout="constrained"
    )
    for scenario, panel in zip(scenarios, panels[:, 0], strict=True):
        values: dict[str, list[float]] = {}
        for run in runs:
            if run["scenario"] == scenario:
                values.setdefault(run["contender"], []).append(run["figures"][figure])
        names = sorted(values, key=lambda name: median(values[name]))
        middles = [median(values[name]) for name in names]
        spread = [
            [m - min(values[n]) for n, m in zip(names, middles, strict=True)],
            [max(values[n]) - m for n, m in zip(names, middles, strict=True)],
        ]
        colours = [OURS if name.startswith("MiniMax Queue") else OTHERS for name in names]
        panel.barh(names, middles, xerr=spread, color=colours, error_kw={"ecolor": "#555"})
        if max(middles) > 50 * min(middles):
            panel.set_xscale("log")
        panel.set_title(scenario, loc="left", fontsize=10)
        panel.set_xlabel(figure)
        panel.spines[["top", "right"]].set_visible(False)
    drawing.savefig(target, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
