"""Opening what the other commands work on: the database of jobs that are there already."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kombu.exceptions import OperationalError as BrokerError
from sqlalchemy import ColumnElement, Connection, Engine

from mmq import schema
from mmq.cli.environment import warn
from models import queries
from models.job import Job
from models.session import database_url, open_database
from tasks.announce import nudge
from tasks.producer import producer
from worker.errors import NotFound
from worker.settings import Settings, load


@contextmanager
def opened() -> Iterator[tuple[Settings, Engine]]:
    """Give the settings and the database, which is not made if it is not there.

    Raises:
        ConfigurationError: the settings cannot be used.
        NotFound: there is no such database file.
    """
    settings = load(os.environ)
    warn(settings)
    url = database_url(settings.database_url)
    file = url.database if url.get_backend_name() == "sqlite" else None
    if file and not Path(file).exists():
        raise NotFound(f"no jobs here: {file} does not exist; `mmq run` makes it, MMQ_HOME says where it is")
    database = open_database(settings.database_url)
    try:
        if file:
            schema.migrate(database)
        yield settings, database
    finally:
        database.dispose()


def require_batch(connection: Connection, batch_id: str) -> str:
    """Return the batch's name.

    Raises:
        NotFound: there is none of this id.
    """
    row = queries.batch(connection, batch_id)
    if row is None:
        raise NotFound(f"no batch {batch_id!r}; `mmq status` lists them")
    return str(row.name)


def jobs_of(connection: Connection, any_id: str) -> ColumnElement[bool]:
    """Return which jobs an id means: those of a batch, or one.

    Raises:
        NotFound: it is neither a batch's nor a job's.
    """
    if queries.batch(connection, any_id) is not None:
        return Job.batch_id == any_id
    if queries.job(connection, any_id) is not None:
        return Job.id == any_id
    raise NotFound(f"no batch and no job {any_id!r}; `mmq status` lists batches, their results name the jobs")


def wake(settings: Settings) -> None:
    """Tell the feeder that there is something to do. If Redis is away, it sees it by itself once it is back."""
    app = producer(settings.broker_url)
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
            nudge(connection)
    except (BrokerError, OSError):
        return
    finally:
        app.close()
