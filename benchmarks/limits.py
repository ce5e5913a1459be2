"""Limits, lanes and backlogs, all measured: what `make bench` runs.

    PYTHONPATH=.:tests python -m benchmarks.limits [NAME ...]

Writes `benchmarks/results/NAME.md` and `.json` of each. A benchmark is no test: a missed limit is told, and the exit
code is 0.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Literal

from benchmarks import admission, backlog, pacing, simulated
from benchmarks.figure import Figure, machine, table, write

DATABASES = ("sqlite", "postgresql")
FEW, MANY, MOST = 1_000, 100_000, 1_000_000  # jobs queued


def backlogs() -> list[Figure]:
    """Return what backlogs cost on each database, and the longest beside the shortest."""
    told = []
    for kind in DATABASES:
        few, most = (backlog.figures(kind, count, backlog.SAMPLES) for count in (FEW, MOST))
        many = backlog.figures(kind, MANY, backlog.SAMPLES)
        told += [*few, *many, *most, *compared(kind, few, most)]
    return told


def compared(kind: str, few: list[Figure], most: list[Figure]) -> list[Figure]:
    """Return the dispatch rate and the longest waits of the longest backlog in per cent of the shortest one's."""
    scenario = f"{kind}, {MOST:,} queued in per cent of {FEW:,}"
    limits: dict[str, tuple[Literal["at most", "at least"], float | None]] = {
        "dispatch": ("at least", 90.0),
        "interactive wait, 99th": ("at most", 110.0),
        "Redis memory": ("at most", 110.0),
    }
    pairs = zip(few, most, strict=True)
    shares = {one.name: 100 * other.value / one.value for one, other in pairs}
    return [
        Figure(scenario, name, share, "%", side, limit)
        for name, share in shares.items()
        for start, (side, limit) in limits.items()
        if name.startswith(start)
    ]


RUNS: Mapping[str, Callable[[], list[Figure]]] = {
    "pacing": pacing.figures,
    "simulated": simulated.figures,
    "admission": admission.figures,
    "backlog": backlogs,
}


def main(chosen: list[str]) -> None:
    """Run those named, or all; print and write what came out."""
    if unknown := [name for name in chosen if name not in RUNS]:
        sys.exit(f"no benchmark {', '.join(unknown)}: choose from {', '.join(RUNS)}")
    for name in chosen or RUNS:
        begun, facts = time.monotonic(), machine()
        figures = RUNS[name]()
        write(name, figures, facts)
        print(f"{name}: {time.monotonic() - begun:.0f} s\n\n{table(figures)}\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
