"""The health check of a worker's container."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from models import leases
from models.identity import new_id
from models.session import writing
from models.table import utcnow
from worker.health import complaint


def register(database: Engine, name: str, seconds: float) -> None:
    """A worker whose lease holds for so long."""
    now = utcnow()
    row = {"id": new_id(), "name": name, "pid": 1, "lanes": "default", "capacity": 1, "started_at": now}
    with writing(database) as connection:
        leases.register(connection, {**row, "lease_until": now + timedelta(seconds=seconds)})


def environ(database: Engine) -> dict[str, str]:
    """The variables that name a database."""
    return {"MMQ_DATABASE_URL": database.url.render_as_string(hide_password=False)}


def test_a_worker_with_a_lease_is_healthy(database: Engine) -> None:
    """The worker of this host renewed its lease; how Celery's name begins does not matter."""
    register(database, "lane@here", 15)
    assert complaint(environ(database), "here") is None


@pytest.mark.parametrize(("name", "seconds"), [("lane@here", -1), ("lane@elsewhere", 15), ("here", 15)])
def test_a_lapsed_or_foreign_lease_is_not_health(database: Engine, name: str, seconds: float) -> None:
    """A stuck loop lets its lease run out, and another host's worker says nothing about this one."""
    register(database, name, seconds)
    assert complaint(environ(database), "here") == "no worker of here holds a lease"


def test_a_database_that_is_away_is_told_without_its_password() -> None:
    """The reason is one line for Docker's log."""
    url = "postgresql://mmq:marked-password@127.0.0.1:1/mmq"
    said = complaint({"MMQ_DATABASE_URL": url}, "here")
    assert said is not None
    assert said.startswith("the database cannot be asked: ")
    assert "marked" not in said


def test_wrong_settings_are_told() -> None:
    """A health check that cannot know says why."""
    assert "MMQ_DATABASE_URL" in (complaint({"MMQ_DATABASE_URL": "mysql://x"}, "here") or "")
