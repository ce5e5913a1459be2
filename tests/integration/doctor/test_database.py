"""Databases as a doctor finds them: SQLite and PostgreSQL, missing, empty, old, read-only."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from sqlalchemy import func, make_url, select, text

from mmq.doctor import database, workers
from mmq.doctor.check import Level
from models import leases
from models.session import open_database, reading, writing
from models.table import utcnow
from models.worker import Worker
from worker import settings


def loaded(url: str, tmp_path, **environ: str):
    """Settings with this database."""
    return settings.load({"MMQ_HOME": str(tmp_path), "MMQ_DATABASE_URL": url, **environ})


def found(url: str, tmp_path) -> dict[str, tuple[Level, str]]:
    """The findings by name."""
    return {check.name: (check.level, check.found) for check in database.look(loaded(url, tmp_path))}


def test_a_database_as_it_should_be_is_ok_and_unchanged(databases, tmp_path):
    """It answers, has our schema, can be written to; the trial row is rolled back."""
    url = databases.migrated()
    findings = found(url, tmp_path)
    assert {level for level, _ in findings.values()} == {Level.OK}
    assert {"database", "schema", "writing"} <= set(findings)
    engine = open_database(url)
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(Worker)) == 0
    engine.dispose()


def test_a_database_without_our_tables_is_a_warning(databases, tmp_path):
    """The next run makes them."""
    url = databases.empty()
    if make_url(url).get_backend_name() == "sqlite":
        open_database(url).connect().close()  # makes the file
    level, text_ = found(url, tmp_path)["schema"]
    assert (level, text_) == (Level.WARN, "is not the one of this version")


def test_a_sqlite_file_that_is_not_there_is_ok_and_stays_so(tmp_path):
    """Looking does not make it."""
    findings = found(f"sqlite:///{tmp_path}/new/jobs.sqlite3", tmp_path)
    assert findings["database"][0] is Level.OK
    assert "not there yet" in findings["database"][1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_fails(tmp_path):
    """SQLite needs its folder, for the log beside the file."""
    tmp_path.chmod(0o500)
    assert found(f"sqlite:///{tmp_path}/jobs.sqlite3", tmp_path)["disk"][0] is Level.FAIL


def test_a_database_that_may_only_be_read_fails(postgresql_databases, tmp_path):
    """As a reporting user's, or a replica; it answers, but jobs cannot be stored."""
    url = postgresql_databases.migrated()
    engine = open_database(url)
    with writing(engine) as connection:
        connection.execute(text("CREATE ROLE doctors_reader LOGIN"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO doctors_reader"))
    engine.dispose()
    reader = make_url(url).set(username="doctors_reader").render_as_string(hide_password=False)
    level, said = found(reader, tmp_path)["writing"]
    assert (level, "permission denied" in said) == (Level.FAIL, True)


def test_a_file_that_is_no_database_fails(tmp_path):
    """SQLite's own words say so."""
    (tmp_path / "jobs.sqlite3").write_text("no database" * 100)
    level, said = found(f"sqlite:///{tmp_path}/jobs.sqlite3", tmp_path)["database"]
    assert (level, "not a database" in said) == (Level.FAIL, True)


def test_a_server_that_is_away_fails_without_showing_the_password(tmp_path):
    """Nothing listens on that port."""
    level, said = found("postgresql://mmq:secret-word@127.0.0.1:1/mmq", tmp_path)["database"]
    assert (level, "refused" in said) == (Level.FAIL, True)
    assert "secret-word" not in said


def test_postgresql_is_asked_for_the_time(postgresql_databases, tmp_path):
    """Its clock decides nothing alone, but ours and its are compared in leases."""
    findings = found(postgresql_databases.migrated(), tmp_path)
    assert findings["clock of the database"] == (Level.OK, "agrees with ours")


def worker_findings(url: str, tmp_path, **environ: str) -> list[tuple[Level, str]]:
    """What is found about the workers."""
    return [(check.level, check.found) for check in workers.look(loaded(url, tmp_path, **environ))]


def test_living_workers_are_counted_and_unserved_lanes_named(databases, tmp_path):
    """Those whose lease ran out do not count."""
    url = databases.migrated()
    now = utcnow()
    engine = open_database(url)
    with writing(engine) as connection:
        for name, lanes, lease in (("a", "interactive,default", 60), ("b", "default", 60), ("c", "bulk", -60)):
            row = {"id": name, "name": name, "pid": 1, "lanes": lanes, "capacity": 50, "started_at": now}
            leases.register(connection, row | {"lease_until": now + timedelta(seconds=lease)})
    engine.dispose()
    assert worker_findings(url, tmp_path) == [
        (Level.OK, "2 alive, for 100 calls at a time"),
        (Level.WARN, "none serves the lane bulk"),
    ]


def test_no_worker_is_a_matter_of_course_where_runs_start_their_own(databases, tmp_path):
    """With a Redis of its own, somebody has to start them."""
    url = databases.migrated()
    assert [level for level, _ in worker_findings(url, tmp_path)] == [Level.OK]
    assert [level for level, _ in worker_findings(url, tmp_path, MMQ_REDIS_URL="redis://localhost")] == [Level.WARN]


def test_workers_are_not_looked_for_where_the_database_cannot_tell(tmp_path):
    """That is the database's finding."""
    assert worker_findings("postgresql://mmq@127.0.0.1:1/mmq", tmp_path) == []
    assert worker_findings(f"sqlite:///{tmp_path}/none.sqlite3", tmp_path)[0][0] is Level.OK
