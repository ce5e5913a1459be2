"""Ours and others side by side: the same work, in turn, repeated, each in processes of its own.

    PYTHONPATH=.:tests python -m benchmarks.compare [throughput] [limit] [priority] [--full] [--only NAME ...]

Writes `benchmarks/results/CONTEST.md`, `.json` and `.png` after each run, so that what is there is always what was
measured; ended in the middle, the same command goes on. One that fails is told with its reason, and the others go on.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.contest.contests import CONTESTS, Contest
from benchmarks.contest.ending import in_order
from benchmarks.contest.outcome import Journal, Outcome
from benchmarks.contest.plots import draw
from benchmarks.contest.report import write
from benchmarks.contest.run import Failed, run
from benchmarks.contest.services import Services, services
from benchmarks.figure import machine


def hold(here: Services, name: str, contest: Contest) -> None:
    """Run all, interleaved: every contender once, then every contender again."""
    facts, journal = machine(), Journal(name, contest.asked)
    for repetition in range(max(round_.repetitions for round_ in contest.rounds)):
        for round_ in contest.rounds:
            for contender in round_.contenders if repetition < round_.repetitions else ():
                key = (round_.scenario.name, contender.name, repetition)
                if journal.has(key):
                    continue
                begun = time.monotonic()
                try:
                    outcome = Outcome(*key, run(here, round_.scenario, contender))
                except Failed as failed:
                    outcome = Outcome(*key, reason=str(failed))
                journal.add(outcome)
                write(name, contest.columns, journal.outcomes, facts)
                shown = outcome.reason or f"{outcome.figures[contest.columns.first]:.3g} {contest.columns.first}"
                print(f"{name}: {' / '.join(map(str, key))}: {shown} ({time.monotonic() - begun:.0f} s)", flush=True)
    draw(name, contest.columns)
    journal.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "contests", nargs="*", metavar="CONTEST", help=f"of {', '.join(CONTESTS)}; all if none is named"
    )
    parser.add_argument("--full", action="store_true", help="as many calls and repetitions as figures to publish need")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="contenders whose name holds this")
    options = parser.parse_args()
    if unknown := set(options.contests) - CONTESTS.keys():
        parser.error(f"no contest {', '.join(sorted(unknown))}")
    with in_order(), services() as here:
        for name in options.contests or CONTESTS:
            hold(here, name, CONTESTS[name](full=options.full).only(options.only))


if __name__ == "__main__":
    main()
