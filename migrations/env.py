"""Alembic's entry: which database, which tables, which safeguards."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast

from alembic import context
from sqlalchemy import Connection, Engine, text

import models.attempt
import models.batch
import models.job
import models.learned_limit
import models.pause
import models.set_limits
import models.worker  # noqa: F401
from models.session import open_database
from models.table import Moment, Table

# On PostgreSQL a migration gives up rather than queue behind a long transaction and block every worker behind itself.
LOCK_TIMEOUT = "4s"
ADVISORY_LOCK = 0x6D6D71  # "mmq"
TURN_S = 0.1  # between two tries to be the one who migrates
# Both are warnings: Python shows those on stderr even where nobody set up logging, as under `mmq up` and `alembic`.
WAITING = (
    "another process is migrating this database; waiting for it. Should none be, end the session that holds the lock: "
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = %s "
    # The server's other databases may have such a lock too, and be migrating in earnest.
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
GOING_ON = "the other migration is over; going on"

log = logging.getLogger("migrations")


def render_moment(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our timestamps as plain ones, so that an old migration does not depend on today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


def migrate(engine: Engine) -> None:
    """Run the migrations that this database lacks, one process at a time; the others wait and find nothing to do."""
    with engine.connect() as connection:
        guarded = alone_on_sqlite if connection.dialect.name == "sqlite" else alone_on_postgresql
        with guarded(connection):
            context.configure(
                connection=connection,
                target_metadata=Table.metadata,
                transaction_per_migration=True,
                render_as_batch=connection.dialect.name == "sqlite",
                compare_type=True,
                compare_server_default=True,
                render_item=render_moment,
            )
            with context.begin_transaction():
                context.run_migrations()


@contextmanager
def alone_on_sqlite(connection: Connection) -> Iterator[None]:
    """Put all migrations into one transaction that holds the write lock, with foreign keys checked at its end."""
    # Changing a table here is copying, dropping and renaming it, and dropping `jobs` would cascade to every attempt.
    # The pragma goes past SQLAlchemy, for inside a transaction it does nothing.
    database = cast("sqlite3.Connection", connection.connection.driver_connection)
    database.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.execution_options(writes=True).begin():
            yield
            if orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                raise RuntimeError(f"the migration leaves {len(orphans)} rows that refer to nothing")
    finally:
        database.execute("PRAGMA foreign_keys = ON")


@contextmanager
def alone_on_postgresql(connection: Connection) -> Iterator[None]:
    """Hold an advisory lock; each migration has a transaction of its own."""
    # Asked for again and again: a statement that waits for it is a transaction that the holder's indexes wait for.
    waited = False
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({ADVISORY_LOCK})")):
        connection.commit()
        if not waited:
            log.warning(WAITING, ADVISORY_LOCK)
        waited = True
        time.sleep(TURN_S)
    if waited:
        log.warning(GOING_ON)
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        # The connection goes back to its pool, where the next user wants neither.
        connection.execute(text("RESET lock_timeout"))
        connection.execute(text(f"SELECT pg_advisory_unlock({ADVISORY_LOCK})"))
        connection.commit()


engine = context.config.attributes.get("engine")
if engine is not None:
    migrate(engine)
else:
    # In a container the URL, with its password, may be in a file, as everywhere else.
    file = os.environ.get("MMQ_DATABASE_URL_FILE")
    own = open_database(Path(file).read_text(encoding="utf-8").strip() if file else os.environ["MMQ_DATABASE_URL"])
    try:
        migrate(own)
    finally:
        own.dispose()
