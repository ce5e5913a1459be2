"""Pictures of results, drawn by matplotlib in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.contest.environments import NotInstalled, python
from benchmarks.contest.outcome import results
from benchmarks.contest.report import Columns

BARS = Path(__file__).with_name("bars.py")
LIMIT_S = 120


def draw(contest: str, columns: Columns) -> None:
    """Write `results/CONTEST.png` from its JSON; where matplotlib cannot be had, say so and go on."""
    best = "most" if columns.more_is_better else "least"
    picture([str(BARS), str(results(contest, ".json")), str(results(contest, ".png")), columns.first, best])


def picture(command: list[str]) -> None:
    """Run a drawing script."""
    try:
        subprocess.run([python("plots"), *command], check=True, timeout=LIMIT_S, capture_output=True, text=True)
    except (NotInstalled, subprocess.SubprocessError) as exc:
        print(f"no picture: {getattr(exc, 'stderr', None) or exc}", flush=True)
