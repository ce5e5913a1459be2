"""Whether a worker of this host is alive: `python -m worker.health`, for health checks of containers.

It looks for the lease in SQL that the worker's loop renews every few seconds, which proves what matters: the loop
turns, and the database hears it. `celery inspect ping` would ask every worker of the cluster, and a worker whose loop
is stuck would answer it.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from models import clock, leases
from models.session import open_database, reading
from worker.errors import ConfigurationError
from worker.settings import load


def complaint(environ: Mapping[str, str], host: str) -> str | None:
    """Return what is wrong with this host's worker in one line, None if it lives."""
    try:
        database = open_database(load(environ).database_url)
    except ConfigurationError as exc:
        return str(exc)
    try:
        return None if _leased(database, host) else f"no worker of {host} holds a lease"
    except DBAPIError as exc:
        return f"the database cannot be asked: {type(exc.orig).__name__}"
    finally:
        database.dispose()


def _leased(database: Engine, host: str) -> bool:
    with reading(database) as connection:
        alive = leases.alive(connection, clock.now(connection))
        return any(worker.name.endswith(f"@{host}") for worker in alive)


if __name__ == "__main__":
    sys.exit(complaint(os.environ, socket.gethostname()))
