"""Indexes of tables that hold millions of rows, made and dropped while workers go on writing to them.

On PostgreSQL `CREATE INDEX` keeps every writer waiting until it is done, `CONCURRENTLY` none. It cannot be done inside
a transaction, so a migration that is cut off has done a part: each step here can be repeated. SQLite has one writer
anyway, and keeps its single transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

# It waits for every transaction that was there before, and nobody waits behind it; still it should say so some day.
LONGEST_WAIT = "10min"
LOCK_TIMEOUT = sa.text("SELECT set_config('lock_timeout', :value, false)")
INVALID = sa.text("SELECT true FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")


def create_index(name: str, table: str, columns: Sequence[str], where: sa.TextClause) -> None:
    """Create a partial index, anew if a broken attempt left an unusable one. Does nothing if it is there."""
    if op.get_context().dialect.name == "sqlite":
        op.create_index(name, table, columns, unique=False, sqlite_where=where)
        return
    with _patiently():
        if op.get_bind().scalar(INVALID, {"name": name}):
            op.drop_index(name, table_name=table, postgresql_concurrently=True)
        op.create_index(
            name,
            table,
            columns,
            unique=False,
            postgresql_where=where,
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def drop_index(name: str, table: str) -> None:
    """Drop an index. Does nothing if it is gone."""
    if op.get_context().dialect.name == "sqlite":
        op.drop_index(name, table_name=table)
        return
    with _patiently():
        op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)


@contextmanager
def _patiently() -> Iterator[None]:
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        before = connection.scalar(sa.text("SHOW lock_timeout"))
        connection.execute(LOCK_TIMEOUT, {"value": LONGEST_WAIT})
        try:
            yield
        finally:
            connection.execute(LOCK_TIMEOUT, {"value": before})
