"""`make chaos`: all that can be killed is killed, for some minutes, and what came of it is printed.

python -m support.chaos [--jobs N] [--seconds S] [--seed N]
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from support.chaos_home import run_until_done
from support.chaos_run import run
from support.databases import SqliteFiles, postgresql_server
from support.dying_life import Fate
from support.dying_lives import live_all, table


def main() -> int:
    """Print the reports and the table of steps; return 1 if anything is not as it must be."""
    arguments = argparse.ArgumentParser(description="Kill everything around some thousand jobs, and count them after.")
    arguments.add_argument("--jobs", type=int, default=5000)
    arguments.add_argument("--seconds", type=float, default=300.0, help="of trouble, in rounds of 30")
    arguments.add_argument("--seed", type=int, default=random.randrange(10**6), help="replays a schedule")
    given = arguments.parse_args()
    print(f"chaos, seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="mmq-chaos-") as folder:
        places = [Path(folder, name) for name in ("cluster", "home", "steps")]
        for place in places:
            place.mkdir()
        cluster = run(places[0], seed=given.seed, jobs=given.jobs, seconds=given.seconds)
        print(cluster, flush=True)
        home = run_until_done(places[1], seed=given.seed, jobs=max(60, given.jobs // 25), kills=20)
        print(home, flush=True)
        fates = every_step(places[2])
    print(table(fates))
    wrong = [fate for fate in fates if not fate.as_it_must_be]
    print(*wrong, sep="\n")
    return 1 if cluster.broken or home.broken or wrong else 0


def every_step(folder: Path) -> list[Fate]:
    """Return the fates of all steps on both databases."""
    for name in ("sqlite", "postgresql"):
        (folder / name).mkdir()
    fates = live_all(folder / "sqlite", SqliteFiles(folder).migrated)
    with postgresql_server() as server:
        return fates + live_all(folder / "postgresql", server.migrated)


if __name__ == "__main__":
    raise SystemExit(main())
