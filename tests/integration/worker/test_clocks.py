"""Hosts whose clocks are an hour off the database's: PostgreSQL's clock is set back or ahead, and all others differ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import text

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from models import clock, leases
from models.session import open_database, reading, writing
from models.table import utcnow
from support.databases import PostgresqlServer
from support.engine import Rig, running
from support.jobs import claim
from support.redis_server import RedisServer
from support.waiting import eventually
from worker.recording import lease

#: Found before the real one, since the database's search path names this schema first.
FALSE_CLOCK = """
CREATE SCHEMA shifted;
CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql
    AS $$ SELECT pg_catalog.clock_timestamp() + interval '{hours} hours' $$;
ALTER DATABASE {name} SET search_path = shifted, public, pg_catalog;
"""


@pytest.fixture(params=[-1, 1])
def elsewhen(request: pytest.FixtureRequest, postgresql_databases: PostgresqlServer) -> Iterator[Database]:
    """A PostgreSQL whose clock is an hour behind this host's, or ahead of it."""
    url = postgresql_databases.migrated()
    with opened(url) as database, writing(database) as connection:
        connection.execute(text(FALSE_CLOCK.format(hours=request.param, name=database.url.database)))
    with opened(url) as database:
        with reading(database) as connection:
            difference = clock.now(connection) - utcnow()
        assert abs(difference - timedelta(hours=request.param)) < timedelta(minutes=1)
        yield database


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """An engine for the time of a block."""
    database = open_database(url)
    try:
        yield database
    finally:
        database.dispose()


def register(database: Database, worker_id: str) -> None:
    """Let a worker begin as it does itself."""
    row = {"id": worker_id, "name": "celery@host", "pid": 1, "lanes": "bulk", "capacity": 1}
    with writing(database) as connection:
        lease.register(connection, row)


def test_clocks_that_differ_bury_nobody_who_lives(
    elsewhen: Database, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A worker whose own clock is an hour off does its jobs, rescues a dead one's, and leaves the living alone."""
    with SandboxThread(SandboxConfig.of(latency_ms=5)) as sandbox:
        rig = Rig(elsewhen, redis_server, sandbox, tmp_path)
        register(elsewhen, "living")
        register(elsewhen, "dead")
        of_living, of_dead = rig.submit("Held by one who lives", "Held by one who died")
        claim(elsewhen, of_living, "living")
        claim(elsewhen, of_dead, "dead")
        with writing(elsewhen) as connection:
            leases.renew(connection, "dead", clock.now(connection) - timedelta(seconds=1))
        with running(rig):
            (own,) = rig.submit("Its own")
            assert rig.ended(own).state == "succeeded"
            assert rig.ended(of_dead).rescues == 1
            with writing(elsewhen) as connection:
                assert lease.beat(connection, "living").renewed
            assert (rig.job(of_living).state, rig.job(of_living).rescues) == ("running", 0)
            assert {row.id for row in alive(elsewhen)} == {"living", rig.engine.worker_id}
        eventually(lambda: {row.id for row in alive(elsewhen)} == {"living"})


def alive(database: Database) -> list[object]:
    """The workers whose lease holds."""
    with reading(database) as connection:
        return list(leases.alive(connection, clock.now(connection)))
