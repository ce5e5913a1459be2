"""How what a job costs depends on how many there are: in flight, in the backlog, on how many processes, of what size.

    PYTHONPATH=.:tests python -m benchmarks.scale [SERIES ...] [--most N]

Writes `benchmarks/results/scale.md`, `.json` and `.png` after each run; ended in the middle, the same command goes on.
The slope is that of log cost over log size: 0 where a job costs the same in any number, 1 where twice as many cost
twice as much each.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from benchmarks import depth
from benchmarks.contest.ending import in_order
from benchmarks.contest.entries import OURS_POSTGRESQL, OURS_SQLITE, Contender
from benchmarks.contest.outcome import Journal, Outcome, results
from benchmarks.contest.plots import picture
from benchmarks.contest.report import number
from benchmarks.contest.run import Failed, run
from benchmarks.contest.scenario import Scenario
from benchmarks.contest.services import Services, services
from benchmarks.figure import machine

LINES = Path(__file__).with_name("contest") / "lines.py"
BOTH = (OURS_SQLITE, OURS_POSTGRESQL)
SIZES: dict[str, tuple[int, ...]] = {
    "calls in flight": (100, 300, 1000, 3000, 5000),
    "processes": (1, 2, 4, 8),
    "bytes of a prompt": (1_000, 10_000, 100_000, 1_000_000),
    "jobs in the backlog": (1_000, 10_000, 100_000, 1_000_000),
}
SHOWN = ("CPU ms a job", "CPU ms a job, Redis", "CPU ms a job, PostgreSQL", "peak MB", "calls/s")


def scenario(series: str, size: int) -> Scenario:
    """Return what is run for a point of a series."""
    name = f"{series}: {size:,}"
    if series == "calls in flight":  # of 5 s, so that so many are under way at a rate that one process makes
        return Scenario(name, "throughput", 3 * size, size, latency_ms=5000, limit_s=240)
    if series == "processes":
        return Scenario(name, "throughput", 5000, 400, processes=size)
    jobs = max(50, min(2000, 200_000_000 // size))
    return Scenario(name, "throughput", jobs, 50, size_bytes=size, limit_s=240)


def measured(here: Services, series: str, size: int, contender: Contender) -> dict[str, float]:
    """Return the figures of one point.

    Raises:
        Failed: with the reason.
    """
    if series != "jobs in the backlog":
        found = run(here, scenario(series, size), contender)
        return {name: found[name] for name in SHOWN}
    postgresql = here.reset(latency_ms=50)
    with tempfile.TemporaryDirectory(prefix="mmq-depth-") as folder:
        url = postgresql if contender is OURS_POSTGRESQL else f"sqlite:///{folder}/jobs.db"
        try:
            return depth.costs(url, here.redis_url, Path(folder), size)
        except (SQLAlchemyError, RuntimeError) as exc:
            raise Failed(f"{type(exc).__name__}: {str(exc).splitlines()[0][:200]}") from exc


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the least-squares slope of log cost over log size."""
    logs = [(math.log(size), math.log(cost)) for size, cost in points if cost > 0]
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / spread if spread else math.nan


def table(series: str, contender: str, outcomes: Iterable[Outcome]) -> str:
    """Return one series of one contender, a line a figure, a column a size, and the slope."""
    mine = {int(one.scenario.rpartition(": ")[2].replace(",", "")): one for one in outcomes}
    heads = [series, *(f"{size:,}" for size in mine), "slope"]
    lines = [f"### {contender}", "", f"| {' | '.join(heads)} |", f"| --- {'| ---: ' * (len(heads) - 1)}|"]
    names = dict.fromkeys(name for one in mine.values() for name in one.figures)
    for name in names:
        values = {size: one.figures[name] for size, one in mine.items() if name in one.figures}
        known = [(float(size), value) for size, value in values.items() if value > 0]
        inclined = f"{slope(known):+.2f}" if len(known) > 1 else ""
        cells = [number(values[size]) if size in values else "failed" for size in mine]
        lines.append(f"| {name} | {' | '.join(cells)} | {inclined} |")
    lines += ["", *(f"{one.scenario} failed: {one.reason}" for one in mine.values() if one.reason)]
    return "\n".join(lines)


def write(outcomes: Sequence[Outcome], facts: dict[str, Any]) -> None:
    """Write the tables and the data."""
    text = [f"# Measured: scale\n\n{', '.join(f'{word} {value}' for word, value in facts.items())}\n"]
    for series in dict.fromkeys(one.scenario.rpartition(": ")[0] for one in outcomes):
        text.append(f"\n## By {series}\n")
        here = [one for one in outcomes if one.scenario.startswith(f"{series}: ")]
        text += [
            f"\n{table(series, name, [one for one in here if one.contender == name])}\n"
            for name in dict.fromkeys(one.contender for one in here)
        ]
    results("scale", ".md").write_text("".join(text), "utf-8")
    runs = [
        {"scenario": o.scenario, "contender": o.contender, "figures": o.figures, "reason": o.reason} for o in outcomes
    ]
    data = json.dumps({"machine": facts, "runs": runs}, indent=1)
    results("scale", ".json").write_text(data + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("series", nargs="*", help=f"of {', '.join(SIZES)}; all if none is named")
    parser.add_argument("--most", type=int, help="leave out what is larger")
    options = parser.parse_args()
    chosen = {name: SIZES[name] for name in options.series or SIZES if name in SIZES}
    if len(chosen) != len(options.series or SIZES):
        parser.error(f"series are {', '.join(SIZES)}")
    points = [(name, size) for name, sizes in chosen.items() for size in sizes if size <= (options.most or size)]
    facts, journal = machine(), Journal("scale", {"points": points})
    with in_order(), services() as here:
        for name, size in points:
            for contender in BOTH:
                key = (f"{name}: {size:,}", contender.name, 0)
                if journal.has(key):
                    continue
                begun = time.monotonic()
                try:
                    outcome = Outcome(*key, measured(here, name, size, contender))
                except Failed as failed:
                    outcome = Outcome(*key, reason=str(failed))
                journal.add(outcome)
                write(journal.outcomes, facts)
                shown = outcome.reason or ", ".join(f"{k} {v:.3g}" for k, v in outcome.figures.items())
                print(f"scale: {key[0]} / {key[1]}: {shown} ({time.monotonic() - begun:.0f} s)", flush=True)
    picture([str(LINES), str(results("scale", ".json")), str(results("scale", ".png"))])
    journal.close()


if __name__ == "__main__":
    main()
