"""Bringing a database to the newest schema, or telling that it is not there yet."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

ROOT = Path(__file__).resolve().parent.parent


def migrate(database: Engine) -> None:
    """Run the migrations that this database lacks. Does nothing, quickly, if it is up to date."""
    if behind(database):
        command.upgrade(_config(database), "head")


def behind(database: Engine) -> bool:
    """Return whether the database's schema is not the one that this version of the code wants."""
    head = ScriptDirectory.from_config(_config(database)).get_current_head()
    with database.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() != head


def _config(database: Engine) -> Config:
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.attributes["engine"] = database
    return config
