"""Draws how costs follow size: a panel a series, a line a figure and contender, both axes logarithmic.

python lines.py RESULTS.json PICTURE.png
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

STYLES = {"MiniMax Queue, SQLite": "--", "MiniMax Queue, PostgreSQL": "-"}


def main(source: str, target: str) -> None:
    runs = [run for run in json.loads(Path(source).read_text("utf-8"))["runs"] if run["figures"]]
    series = list(dict.fromkeys(run["scenario"].rpartition(": ")[0] for run in runs))
    if not series:
        sys.exit("nothing was measured")
    drawing, panels = plt.subplots(
        len(series), 1, figsize=(9, 1 + 4.2 * len(series)), squeeze=False, layout="constrained"
    )
    for name, panel in zip(series, panels[:, 0], strict=True):
        mine = [run for run in runs if run["scenario"].startswith(f"{name}: ")]
        figures = dict.fromkeys(figure for run in mine for figure in run["figures"])
        colours = {figure: f"C{number}" for number, figure in enumerate(figures)}
        for contender in dict.fromkeys(run["contender"] for run in mine):
            lines: dict[str, list[tuple[int, float]]] = {}
            for run in mine:
                if run["contender"] == contender:
                    size = int(run["scenario"].rpartition(": ")[2].replace(",", ""))
                    for figure, value in run["figures"].items():
                        lines.setdefault(figure, []).append((size, value))
            style = STYLES.get(contender, ":")
            for figure, points in lines.items():
                if not all(value > 0 for _, value in points):  # PostgreSQL's share of a job on SQLite
                    continue
                label = figure if contender.endswith("PostgreSQL") else None
                panel.plot(*zip(*points, strict=True), style, marker="o", color=colours[figure], label=label)
        panel.set(xscale="log", yscale="log", xlabel=name)
        panel.set_title(f"by {name} (PostgreSQL solid, SQLite dashed)", loc="left", fontsize=10)
        panel.grid(alpha=0.3, which="both")
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    drawing.savefig(target, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
