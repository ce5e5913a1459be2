"""Whether somebody does the jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from mmq import schema
from mmq.doctor.check import Check, ok, warn
from models import clock, leases
from models.lane import Lane
from models.session import database_url, open_database, reading
from models.table import Row
from worker.settings import Settings


def look(settings: Settings) -> Iterator[Check]:
    """Look at the workers whose lease holds."""
    workers = _alive(settings)
    if workers is None:
        return
    if not workers:
        if settings.embedded_redis:
            yield ok("workers", "none runs; `mmq run` starts its own")
        else:
            yield warn("workers", "none runs", "start one with `mmq worker`")
        return
    calls = sum(worker.capacity for worker in workers)
    yield ok("workers", f"{len(workers)} alive, for {calls} calls at a time")
    served = {lane for worker in workers for lane in worker.lanes.split(",")}
    if idle := [lane for lane in Lane if lane not in served]:
        yield warn(
            "workers", f"none serves the lane {', '.join(idle)}", "start one with `mmq worker`, which serves all"
        )


def _alive(settings: Settings) -> list[Row] | None:
    """Return the rows of living workers; None where the database cannot tell, which is that look's finding."""
    url = database_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        return []
    database = open_database(settings.database_url)
    try:
        if schema.behind(database):
            return None
        with reading(database) as connection:
            return list(leases.alive(connection, clock.now(connection)))
    except DBAPIError:
        return None
    finally:
        database.dispose()
