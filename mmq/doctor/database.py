"""Whether the database can be reached, written to, and has our schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from mmq import schema
from mmq.doctor import disk
from mmq.doctor.check import Check, fail, ok, warn
from mmq.doctor.clock import compare
from models import leases
from models.identity import new_id
from models.session import database_url, open_database, reading
from models.table import utcnow
from worker.settings import Settings

MIGRATE = "`mmq run` and `mmq up` bring it up to date"


def look(settings: Settings) -> Iterator[Check]:
    """Look at the database without changing it: what is written is rolled back."""
    url = database_url(settings.database_url)
    shown = url.render_as_string(hide_password=True)
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if file is not None:
        yield from disk.look(file)
        if not file.exists():  # connecting would make it
            yield ok("database", f"{file} is not there yet; {MIGRATE.replace('bring it up to date', 'make it')}")
            return
    database = open_database(settings.database_url)
    try:
        yield from _connected(database, shown)
    except DBAPIError as exc:
        # The driver's own words name host, user and reason, never the password.
        yield fail(
            "database", f"{shown}: {' '.join(str(exc.orig).split())}", "check MMQ_DATABASE_URL, and that it is up"
        )
    finally:
        database.dispose()


def _connected(database: Engine, shown: str) -> Iterator[Check]:
    before = utcnow()
    with reading(database) as connection:
        theirs = connection.scalar(text("SELECT CURRENT_TIMESTAMP"))
    after = utcnow()
    yield ok("database", f"{shown} answers")
    if isinstance(theirs, datetime):  # SQLite has no clock but ours, and gives text
        yield compare("the database", theirs, before, after)
    if schema.behind(database):
        yield warn("schema", "is not the one of this version", MIGRATE)
        return
    yield ok("schema", "is up to date")
    yield _writable(database)


def _writable(database: Engine) -> Check:
    now = utcnow()
    row = {
        "id": new_id(),
        "name": "doctor",
        "pid": 0,
        "lanes": "",
        "capacity": 0,
        "started_at": now,
        "lease_until": now,
    }
    try:
        with database.connect().execution_options(writes=True) as connection, connection.begin() as transaction:
            leases.register(connection, row)
            transaction.rollback()
    except DBAPIError as exc:
        found = f"cannot be written to: {' '.join(str(exc.orig).split())}"
        return fail("writing", found, "check permissions, free space, and that it is no read-only replica")
    return ok("writing", "is possible")
