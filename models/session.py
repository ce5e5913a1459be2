"""Opening the database, and the two ways to use it: reading and writing."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url

#: What a URL does not say otherwise. A host that vanished is given up after 25 s, not after TCP's quarter of an hour.
LIBPQ = {
    "application_name": "mmq",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}
#: A worker frozen in mid-transaction (SIGSTOP, a paused machine, a host that vanished) would keep its rows locked, and
#: the others waiting, for ever. Well under their lease, which they cannot renew while they wait.
FROZEN_AFTER_S = 5
READ_ONLY = "25006"  # PostgreSQL's state of what a standby refuses

LOCK_WAIT_S = 30  # how long a writer waits for another before SQLite gives up
LOCK_LOOK_S = 0.002  # between two looks; SQLite's own grow to 100 ms, which was most of an interactive job's wait


def database_url(text: str) -> URL:
    """Return the URL with the driver that we use: psycopg 3 for PostgreSQL, the standard library for SQLite.

    Raises:
        ValueError: not a URL, or a database that is neither SQLite nor PostgreSQL.
    """
    try:
        url = make_url(text)
    except Exception:
        # The parser's own error may quote a part of the password.
        raise ValueError("not a database URL") from None
    dialect = url.get_backend_name()
    if dialect in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if dialect == "sqlite":
        return url.set(drivername="sqlite")
    raise ValueError(f"database {dialect!r} is not supported, use sqlite or postgresql")


def open_database(url: str, *, pool_size: int = 5, frozen_after_s: float | None = None) -> Engine:
    """Return an engine. Connects lazily; a server that is away shows at the first statement, not here.

    With `frozen_after_s` PostgreSQL ends a session that has a transaction open and says nothing for so long. Not for
    who reads results as fast as somebody takes them.
    """
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            hide_parameters=True,  # prompts and answers do not belong into error messages
            connect_args={"timeout": LOCK_WAIT_S, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        parsed,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={name: value for name, value in LIBPQ.items() if name not in parsed.query},
    )
    event.listen(engine, "handle_error", _leave_standby)
    if frozen_after_s is not None:
        limit = f"SET idle_in_transaction_session_timeout = {round(frozen_after_s * 1000)}"
        event.listen(engine, "connect", lambda connection, _record: _set_for_session(connection, limit))
    return engine


def _set_for_session(connection: Any, statement: str) -> None:
    # By a statement, not by libpq's `options`: the URL may have some of its own, and poolers refuse them.
    connection.execute(statement)
    connection.commit()


def _leave_standby(context: ExceptionContext) -> None:
    # The server was demoted under our connections. They would stay with it; new ones may reach its successor.
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # SQLAlchemy begins transactions itself (below); Python's own implicit BEGIN would come too late.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # An accepted job survives a power cut, not only a crash: one fsync a commit, and commits carry many jobs.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once with "database is locked" if another wrote in
    # between, whatever the timeout. Taking the write lock at the beginning makes it wait instead.
    if not connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("BEGIN")
        return
    raw: Any = connection.connection.driver_connection
    (patience_ms,) = raw.execute("PRAGMA busy_timeout").fetchone()
    deadline = time.monotonic() + patience_ms / 1000
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        while _another_writes(raw) and time.monotonic() < deadline:
            time.sleep(LOCK_LOOK_S)
        if not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # what is wrong, as SQLAlchemy tells it
    finally:
        raw.execute(f"PRAGMA busy_timeout = {patience_ms}")


def _another_writes(raw: sqlite3.Connection) -> bool:
    """Try to become the writer. True: another is, try again."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorname.startswith("SQLITE_BUSY")
    return False


@contextmanager
def writing(database: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; commits at the end, rolls back on an error."""
    with database.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(database: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: one snapshot, never in the way of writers."""
    with database.connect() as connection:
        if connection.dialect.name == "postgresql":  # by default each of its statements has a snapshot of its own
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection
