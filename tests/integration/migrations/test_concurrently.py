"""Indexes made on a PostgreSQL that is at work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import IntegrityError

from mmq.schema import ROOT
from models.session import open_database, reading, writing
from support.databases import PostgresqlServer
from support.waiting import eventually

FIRST_ROWS = ROOT / "tests/fixtures/rows_at_0001.sql"
INDEX = "ix_jobs_lately_ended"
VALID = f"SELECT indisvalid AND NOT indisunique FROM pg_index WHERE indexrelid = '{INDEX}'::regclass"
BUILDING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event = :on"


def upgrade(database: Engine, revision: str) -> None:
    """Migrate a database that far."""
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.attributes["engine"] = database
    command.upgrade(config, revision)


@pytest.fixture
def filled(postgresql_databases: PostgresqlServer) -> Iterator[Engine]:
    """A PostgreSQL database with two jobs, before any index is made on them."""
    database = open_database(postgresql_databases.empty())
    upgrade(database, "0001")
    with writing(database) as connection:
        for statement in FIRST_ROWS.read_text(encoding="utf-8").split(";\n")[:-1]:
            connection.execute(text(statement))
    yield database
    database.dispose()


def is_valid(database: Engine) -> bool:
    """Whether the index is there and can be used."""
    with reading(database) as connection:
        return bool(connection.scalar(text(VALID)))


def test_no_migration_of_a_filled_table_locks_out_its_writers(filled: Engine) -> None:
    """Every index that came after the first schema is made and dropped beside them."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: Any) -> None:
        seen.append(statement)

    event.listen(filled, "before_cursor_execute", note)
    upgrade(filled, "head")
    indexes = [statement for statement in seen if statement.lstrip().startswith(("CREATE INDEX", "DROP INDEX"))]
    assert len(indexes) >= 4
    assert all("CONCURRENTLY" in statement for statement in indexes)


def test_jobs_are_written_while_an_index_is_being_made(filled: Engine) -> None:
    """It waits for a transaction that was there before; who writes meanwhile does not wait for it."""
    upgrade(filled, "0005")
    migration = threading.Thread(target=upgrade, args=(filled, "0006"))
    with filled.connect() as before:
        before.execute(text("UPDATE jobs SET position = 7"))
        migration.start()
        try:
            with filled.connect() as observer, filled.connect() as writer:
                looking = observer.execution_options(isolation_level="AUTOCOMMIT")
                eventually(lambda: looking.scalar(text(BUILDING), {"on": "virtualxid"}))
                writer.execute(text("SET lock_timeout = '1s'"))
                writer.execute(text("INSERT INTO batches (id, name, created_at) VALUES ('b-2', '', now())"))
                writer.execute(text("LOCK TABLE jobs IN ROW EXCLUSIVE MODE"))
                writer.rollback()
        finally:
            before.rollback()
            migration.join()
    assert is_valid(filled)


def test_waiting_for_another_migration_is_said_once_and_its_end_too(
    filled: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """With a statement that frees it where whoever holds it hangs, and not one of the server's other databases."""
    migration = threading.Thread(target=upgrade, args=(filled, "head"))
    elsewhere = open_database(filled.url.set(database="postgres").render_as_string(hide_password=False))
    neighbour = elsewhere.connect()
    neighbour.execute(text("SELECT pg_advisory_lock_shared(x'6D6D71'::int)"))
    neighbour.commit()
    holder = filled.connect()
    holder.execute(text("SELECT pg_advisory_lock(x'6D6D71'::int)"))
    holder.commit()
    migration.start()
    try:
        eventually(lambda: "waiting for it" in caplog.text)
        remedy = "SELECT" + caplog.messages[0].partition("SELECT")[2]
        with filled.connect() as operator:
            assert operator.scalars(text(remedy)).all() == [True]
    finally:
        holder.invalidate()
        holder.close()
        migration.join()
        neighbour.invalidate()
        neighbour.close()
        elsewhere.dispose()
    assert [message.split(";")[0] for message in caplog.messages] == [
        "another process is migrating this database",
        "the other migration is over",
    ]


def test_what_a_broken_migration_left_is_made_anew(filled: Engine) -> None:
    """An index that could not be finished stays, unusable, and its name would pass for the real one."""
    upgrade(filled, "0005")
    broken = text(f"CREATE UNIQUE INDEX CONCURRENTLY {INDEX} ON jobs ((1))")
    with filled.connect() as connection, pytest.raises(IntegrityError):
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(broken)
    assert not is_valid(filled)
    upgrade(filled, "0006")
    assert is_valid(filled)


def test_a_migration_that_was_cut_off_goes_on(filled: Engine) -> None:
    """Its first index is there already and the old one gone, but the database does not say so."""
    upgrade(filled, "0003")
    with writing(filled) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    upgrade(filled, "0003")
    with reading(filled) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0003"
