"""Everything dies, again and again, while jobs go through. `make chaos` does it longer."""

from __future__ import annotations

from pathlib import Path

from support.chaos_home import run_until_done
from support.chaos_prompts import ONE_IN, WAYS
from support.chaos_run import run

SEED = 7  # whose schedule a failure replays; `make chaos` takes another each time


def test_a_cluster_under_fire_loses_nothing_and_repeats_nothing_that_was_answered(tmp_path: Path) -> None:
    """Workers, Redis and PostgreSQL are killed, the leader frozen, and each answer is spoilt once in every way."""
    report = run(tmp_path, seed=SEED, jobs=ONE_IN * len(WAYS), seconds=30.0)
    print(report)
    assert report.broken == [], report
    assert report.states.total() == report.jobs
    assert report.deeds.total() >= 12


def test_a_run_killed_again_and_again_ends_with_every_line_in_its_place(tmp_path: Path) -> None:
    """`mmq run` on SQLite, its worker, its Redis or all of them die by `kill -9`; the same command goes on."""
    report = run_until_done(tmp_path, seed=SEED, jobs=60, kills=5)
    print(report)
    assert report.broken == [], report
    assert report.states.total() == report.jobs
    assert report.deeds.total() >= 3
