"""`kill -9` at every step of a job's life, and what is repeated."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

from support.databases import PostgresqlServer, SqliteFiles
from support.dying_lives import live_all, table
from support.dying_steps import STEPS


def test_nothing_is_lost_or_repeated_without_need_wherever_somebody_dies(
    tmp_path: Path, sqlite_files: SqliteFiles, postgresql_databases: PostgresqlServer
) -> None:
    """One job, one answer, in the ledger what happened; asked again only if its call may have been under way."""
    steps = [step for step in STEPS if not step.slow]
    makers = cycle([sqlite_files, postgresql_databases])
    fates = live_all(tmp_path, lambda: next(makers).migrated(), steps)
    print(table(fates))
    assert len(fates) == len(steps) > 10
    assert all(fate.as_it_must_be for fate in fates), "\n".join(str(fate) for fate in fates if not fate.as_it_must_be)
