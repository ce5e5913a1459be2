"""Alembic's entry: which database, which tables, which safeguards."""

from __future__ import annotations

import os
from typing import Any, Literal

from alembic import context
from sqlalchemy import Engine, text

import models.attempt
import models.batch
import models.job
import models.pause
import models.worker  # noqa: F401
from models.session import open_database
from models.table import Moment, Table

# On PostgreSQL a migration gives up rather than queue behind a long transaction and block every worker behind itself.
LOCK_TIMEOUT = "4s"


def render_moment(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our timestamps as plain ones, so that an old migration does not depend on today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


def migrate(engine: Engine) -> None:
    """Run the migrations in one transaction, or each in one of its own where it asks for that."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.commit()
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


engine = context.config.attributes.get("engine")
if engine is not None:
    migrate(engine)
else:
    own = open_database(os.environ["MMQ_DATABASE_URL"])
    try:
        migrate(own)
    finally:
        own.dispose()
