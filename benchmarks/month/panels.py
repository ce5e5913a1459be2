"""Draws each count over the month, from zero: a column a part, a panel a count.

python panels.py SAMPLES.json PICTURE.png
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

WARM = 0.25  # of the way is not counted


def main(source: str, target: str) -> None:
    parts = json.loads(Path(source).read_text("utf-8"))
    rows = max(len(part["values"]) for part in parts.values())
    drawing, panels = plt.subplots(
        rows, len(parts), figsize=(4.6 * len(parts), 1.3 * rows), squeeze=False, layout="constrained"
    )
    for column, (title, part) in zip(panels.T, parts.items(), strict=True):
        for panel in column[len(part["values"]) :]:
            panel.axis("off")
        for panel, (name, values) in zip(column, part["values"].items(), strict=False):
            share = [100 * (number + 1) / len(values) for number in range(len(values))]
            panel.axvspan(0, 100 * WARM, color="0.93")
            panel.plot(share, values, color="C0")
            panel.set(xlim=(0, 100), ylim=(0, 1.15 * max(*values, 1)), xticks=[])
            unit = part["units"][name]
            panel.set_title(f"{name}{f', {unit}' if unit else ''}", loc="left", fontsize=8)
            panel.tick_params(labelsize=7)
            panel.spines[["top", "right"]].set_visible(False)
        column[0].set_title(f"{title}\n\n{column[0].get_title(loc='left')}", loc="left", fontsize=8)
        last = column[len(part["values"]) - 1]
        last.set_xticks([0, 25, 50, 75, 100])
        last.set_xlabel("% of the way", fontsize=8)
    drawing.savefig(target, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
