"""Migrations, on empty databases and on ones that hold data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine, inspect, text

from mmq.schema import ROOT, behind, migrate
from models import ledger
from models.session import reading, writing
from support.jobs import claim, new_job, queue, register, start

FIRST = "0001"
FIRST_ROWS = ROOT / "tests/fixtures/rows_at_0001.sql"

REBUILD = """
from alembic import op

revision, down_revision = "rebuild", {head!r}


def upgrade():
    with op.batch_alter_table("jobs", recreate="always"):
        pass
    {then}
"""


def config(database: Engine, *more_versions: Path) -> Config:
    """Return Alembic's configuration for a database, as the project's own, with further revisions."""
    made = Config(toml_file=str(ROOT / "pyproject.toml"))
    made.attributes["engine"] = database
    if more_versions:
        folders = [str(ROOT / "migrations/versions"), *map(str, more_versions)]
        made.set_main_option("path_separator", "newline")
        made.set_main_option("version_locations", "\n".join(folders))
    return made


def table(database: Engine, name: str, order: str) -> list[dict[str, object]]:
    """Return the rows of a table."""
    with reading(database) as connection:
        return [dict(row) for row in connection.execute(text(f"SELECT * FROM {name} ORDER BY {order}")).mappings()]


def test_models_and_migrations_agree(database: Engine) -> None:
    """After all migrations there is nothing that the models would add or change."""
    command.check(config(database))
    assert not behind(database)


def test_migrating_again_does_nothing(empty_database: Engine) -> None:
    """A database without tables is behind; migrated it is not, and migrating it again changes nothing."""
    assert behind(empty_database)
    migrate(empty_database)
    queue(empty_database, new_job())
    migrate(empty_database)
    assert not behind(empty_database)
    assert len(table(empty_database, "jobs", "id")) == 1


def test_upgrade_keeps_the_data(empty_database: Engine) -> None:
    """Rows written under the first schema are all there after every later migration, column for column."""
    command.upgrade(config(empty_database), FIRST)
    with writing(empty_database) as connection:
        for statement in FIRST_ROWS.read_text(encoding="utf-8").split(";\n")[:-1]:
            connection.execute(text(statement))
    names = {"batches": "id", "workers": "id", "jobs": "id", "attempts": "job_id, number", "pauses": "kind, name"}
    before = {name: table(empty_database, name, order) for name, order in names.items()}
    assert [len(rows) for rows in before.values()] == [1, 1, 2, 2, 1]

    migrate(empty_database)

    for name, order in names.items():
        after = table(empty_database, name, order)
        kept = before[name][0].keys() & after[0].keys()
        assert [{key: row[key] for key in kept} for row in after] == [
            {key: row[key] for key in kept} for row in before[name]
        ]
        assert len(kept) > 2


def test_downgrade_leaves_nothing_behind(database: Engine) -> None:
    """All migrations can be taken back, and made again."""
    command.downgrade(config(database), "base")
    assert inspect(database).get_table_names() == ["alembic_version"]
    migrate(database)
    assert not behind(database)


@pytest.fixture
def called(sqlite: Engine) -> Engine:
    """A SQLite database with a running job and its call."""
    register(sqlite, "w1")
    queue(sqlite, new_job(batch_id="b"))
    hold = claim(sqlite)
    with writing(sqlite) as connection:
        ledger.begin(connection, [start(hold)])
    return sqlite


def rebuilding(folder: Path, database: Engine, then: str) -> Config:
    """Return a configuration with one more revision, which builds the jobs table anew and then does something."""
    with reading(database) as connection:
        head = connection.scalar(text("SELECT version_num FROM alembic_version"))
    (folder / "rebuild.py").write_text(REBUILD.format(head=head, then=then))
    return config(database, folder)


def test_rebuilding_a_table_keeps_what_refers_to_it(called: Engine, tmp_path: Path) -> None:
    """SQLite changes a table by dropping the old one; the attempts of its jobs do not go with it."""
    command.upgrade(rebuilding(tmp_path, called, then="pass"), "head")
    assert (len(table(called, "jobs", "id")), len(table(called, "attempts", "number"))) == (1, 1)


def test_migration_that_breaks_a_reference_is_undone(called: Engine, tmp_path: Path) -> None:
    """A migration that would leave rows that refer to nothing fails, and the database is as it was before."""
    before = table(called, "jobs", "id")
    breaking = "op.execute(\"UPDATE jobs SET batch_id = 'nowhere'\")"
    with pytest.raises(RuntimeError, match="leaves 1 rows"):
        command.upgrade(rebuilding(tmp_path, called, breaking), "head")
    assert table(called, "jobs", "id") == before
    assert not behind(called)


def test_unknown_revision_is_refused(database: Engine) -> None:
    """A database migrated by a newer version of the code is not touched."""
    with writing(database) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CommandError, match="9999"):
        migrate(database)


def test_processes_that_migrate_at_once_take_turns(empty_database: Engine) -> None:
    """Several processes started on a new database all find it migrated."""
    code = (
        "import sys; from models.session import open_database; from mmq.schema import migrate; "
        "database = open_database(sys.argv[1]); migrate(database); database.dispose()"
    )
    url = empty_database.url.render_as_string(hide_password=False)
    running = [
        subprocess.Popen([sys.executable, "-c", code, url], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    errors = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], errors
    assert not behind(empty_database)


def test_migrating_leaves_the_connection_as_it_was(empty_database: Engine) -> None:
    """The pool gets its connection back without the migration's short lock timeout, and with foreign keys checked."""
    migrate(empty_database)
    settings = {"sqlite": ("PRAGMA foreign_keys", 1), "postgresql": ("SHOW lock_timeout", "0")}
    statement, expected = settings[empty_database.dialect.name]
    with reading(empty_database) as connection:
        assert connection.exec_driver_sql(statement).scalar() == expected
