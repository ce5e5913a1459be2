"""Migrations run while workers of the version before are up, so each only adds, or says since when it may take away."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Engine, text

from mmq.schema import ROOT
from models.session import open_database, writing
from support.databases import PostgresqlServer
from support.schema_changes import schema_of, troubles

#: By this name a revision that takes something away says which release was the first not to use it any more.
CONTRACTING = "unused_since"


def config(database: Engine | None = None) -> Config:
    """Return Alembic's configuration, as the project's own."""
    made = Config(toml_file=str(ROOT / "pyproject.toml"))
    made.attributes["engine"] = database
    return made


def revisions() -> list[Script]:
    """Return all revisions, the first first."""
    return [*ScriptDirectory.from_config(config()).walk_revisions()][::-1]


def parts(version: str) -> tuple[int, ...]:
    """Return a version's numbers, to be compared."""
    return tuple(int(part) for part in version.split("."))


@pytest.fixture
def blank(postgresql_databases: PostgresqlServer) -> Iterator[Engine]:
    """A PostgreSQL database without tables: the one that old and new share."""
    database = open_database(postgresql_databases.empty())
    yield database
    database.dispose()


def test_each_migration_adds_only_or_says_that_it_takes_away(blank: Engine) -> None:
    """By its effect, not by its text: what PostgreSQL tells of the schema before and after it."""
    found = {}
    before = schema_of(blank)
    for revision in revisions():
        command.upgrade(config(blank), revision.revision)
        after = schema_of(blank)
        if not hasattr(revision.module, CONTRACTING) and (trouble := troubles(before, after)):
            found[revision.revision] = trouble
        before = after
    assert before.tables >= {"jobs", "attempts"}
    assert not found


def test_nothing_is_taken_away_that_the_release_before_still_uses() -> None:
    """What a contracting migration removes has been unused for a whole release by the time it ships."""
    current = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for revision in revisions():
        since = getattr(revision.module, CONTRACTING, None)
        assert since is None or parts(since) < parts(current), revision.revision


def test_revisions_are_one_line_of_numbers() -> None:
    """Two heads would leave to chance what `upgrade head` does."""
    numbers = [revision.revision for revision in revisions()]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize(
    ("statement", "trouble"),
    [
        ("ALTER TABLE jobs DROP COLUMN position", "jobs.position is gone"),
        ("ALTER TABLE jobs RENAME COLUMN position TO place", "jobs.position is gone"),
        ("DROP TABLE pauses", "pauses.code is gone"),
        ("ALTER TABLE jobs ALTER COLUMN position TYPE bigint", "jobs.position is BIGINT, was INTEGER"),
        ("ALTER TABLE jobs ALTER COLUMN run_at SET NOT NULL", "jobs.run_at may no longer be null"),
        ("ALTER TABLE jobs ALTER COLUMN position DROP DEFAULT", "jobs.position has lost its default"),
        ("ALTER TABLE jobs ADD COLUMN cost integer NOT NULL", "jobs.cost is new, and wants a value that old code"),
        ("ALTER TABLE jobs ADD CHECK (position < 9)", "jobs has a new rule: check"),
        ("CREATE UNIQUE INDEX one ON jobs (custom_id)", "jobs has a new rule: unique one"),
        ("ALTER TABLE jobs ADD FOREIGN KEY (worker_id) REFERENCES workers (id)", "jobs has a new rule: foreign key"),
        ("ALTER TABLE pauses DROP CONSTRAINT pk_pauses, ADD PRIMARY KEY (name)", "pauses has a new rule: primary key"),
    ],
)
def test_what_troubles_old_code_is_found(postgresql: Engine, statement: str, trouble: str) -> None:
    """Each way of breaking the version before that this convention is for."""
    before = schema_of(postgresql)
    with writing(postgresql) as connection:
        connection.execute(text(statement))
    assert any(found.startswith(trouble) for found in troubles(before, schema_of(postgresql)))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE jobs ADD COLUMN cost integer",
        "ALTER TABLE jobs ADD COLUMN cost integer NOT NULL DEFAULT 0",
        "CREATE TABLE invoices (id integer PRIMARY KEY, total integer NOT NULL UNIQUE CHECK (total > 0))",
        "CREATE INDEX by_model ON jobs (model)",
        "DROP INDEX ix_jobs_ready_in_lane",
        "ALTER TABLE jobs ALTER COLUMN lane DROP NOT NULL",
        "ALTER TABLE pauses DROP CONSTRAINT ck_pauses_kind_known, ADD CONSTRAINT ck_pauses_kind_known CHECK (true)",
    ],
)
def test_what_only_adds_is_let_through(postgresql: Engine, statement: str) -> None:
    """Old code does not see it, or only runs slower without it."""
    before = schema_of(postgresql)
    with writing(postgresql) as connection:
        connection.execute(text(statement))
    assert troubles(before, schema_of(postgresql)) == []
