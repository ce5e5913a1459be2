"""A month of traffic in minutes: what workers, Redis and databases hold while it goes by.

    PYTHONPATH=.:tests python -m benchmarks.month [--jobs N] [--days N]

By default 20,000 jobs go through a real worker process on each database; then 30 days of admission are lived on a real
Redis and a clock that jumps. Writes `benchmarks/results/month.md`, `.json`, `.samples.json` and `.png`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.contest.ending import in_order
from benchmarks.contest.outcome import results
from benchmarks.contest.plots import picture
from benchmarks.figure import machine, table, write
from benchmarks.month.admitted import admitted
from benchmarks.month.samples import Samples
from benchmarks.month.worked import worked

PANELS = Path(__file__).with_name("panels.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=20_000, help="on each database")
    parser.add_argument("--days", type=int, default=30, help="of admission")
    options = parser.parse_args()
    parts: dict[str, Callable[[], Samples]] = {
        f"{options.jobs:,} jobs, SQLite": lambda: worked("sqlite", options.jobs),
        f"{options.jobs:,} jobs, PostgreSQL": lambda: worked("postgresql", options.jobs),
        f"{options.days} days of admission": lambda: admitted(options.days),
    }
    facts, taken = machine(), {}
    for name, part in parts.items():
        begun = time.monotonic()
        taken[name] = part()
        print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
    figures = [figure for name, samples in taken.items() for figure in samples.figures(name)]
    write("month", figures, facts)
    source = results("month", ".samples.json")
    shown = {name: {"values": samples.values, "units": samples.units} for name, samples in taken.items()}
    source.write_text(json.dumps(shown) + "\n", encoding="utf-8")
    picture([str(PANELS), str(source), str(results("month", ".png"))])
    print(table(figures))


if __name__ == "__main__":
    with in_order():
        main()
