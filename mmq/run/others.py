"""Whether anybody goes on with the jobs when this run is over."""

from __future__ import annotations

from models import clock, leases
from models.session import open_database, reading
from worker.recording import liveness
from worker.settings import Settings


def others_go_on(settings: Settings) -> bool:
    """Return whether workers that are not ours take jobs of this database."""
    database = open_database(settings.database_url)
    try:
        with reading(database) as connection:
            alive = {worker.id for worker in leases.alive(connection, clock.now(connection))}
        # Ours may have been killed: their leases hold for some moments more.
        return bool(alive - liveness.dead(settings.home, alive))
    finally:
        database.dispose()
