"""Limits, lanes and backlogs, all measured: what `make bench` runs.

    PYTHONPATH=.:tests python -m benchmarks.limits [NAME ...]

Writes `benchmarks/results/limits.md` and `.json`, unless only some are named. A benchmark is no test: a missed limit is
told, and the exit code is 0.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

from benchmarks import admission, pacing, simulated
from benchmarks.figure import Figure, machine, table, write

TITLE = "Limits, lanes and backlogs"
RUNS: Mapping[str, Callable[[], list[Figure]]] = {
    "pacing": pacing.figures,
    "simulated": simulated.figures,
    "admission": admission.figures,
}


def main(chosen: list[str]) -> None:
    """Run those named, or all, and print what came out."""
    if unknown := [name for name in chosen if name not in RUNS]:
        sys.exit(f"no benchmark {', '.join(unknown)}: choose from {', '.join(RUNS)}")
    facts, figures = machine(), []
    for name in chosen or RUNS:
        begun = time.monotonic()
        figures += RUNS[name]()
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    print(table(figures))
    if not chosen:
        write("limits", TITLE, figures, facts)


if __name__ == "__main__":
    main(sys.argv[1:])
