"""The queries that run all day use the index that was made for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, TextClause, and_, event, text

from models import backlog, feeding, leases, ledger, queries, recent, transitions
from models.acceptance import accept, open_batch
from models.job import DELAYED, READY, Job
from models.session import open_database, writing
from models.state import Edge
from support.databases import PostgresqlServer, SqliteFiles
from support.jobs import HOUR, NOW, new_job, queue

WORKERS = 8
PARAMETER = re.compile(r"%\((\w+)\)s")
ROWS = 4000  # enough that reading a table whole costs PostgreSQL more than going by an index

Query = Callable[[Connection], object]


def _some_queued(connection: Connection, part: TextClause, *order: Any) -> object:
    return backlog._some(connection, "interactive", and_(part, Job.lane == "interactive"), order, 5)


def _first(connection: Connection, batch_id: str) -> object:
    feeding._sort_nothing(connection)
    return feeding._first(connection, "bulk", batch_id, 5, NOW)


PLANS: dict[str, tuple[str, Query]] = {
    "whose turn it is": ("ix_jobs_ready_in_lane", lambda c: feeding._turns(c, "bulk", "", 5)),
    "a batch's next jobs": ("ix_jobs_ready_in_lane", lambda c: _first(c, "batch-2")),
    "next jobs without a batch": ("ix_jobs_ready_in_lane", lambda c: _first(c, "")),
    "lanes with ready jobs": ("ix_jobs_ready_in_lane", feeding.lanes_ready),
    "whether one without a batch is ready": ("ix_jobs_ready_in_lane", lambda c: feeding._unbatched(c, "bulk")),
    "jobs whose moment has come": ("ix_jobs_by_run_at", lambda c: feeding.any_ripe(c, NOW)),
    "making them ready": ("ix_jobs_by_run_at", lambda c: feeding.ripen(c, NOW)),
    "a bound on ready jobs": ("ix_jobs_ready_in_lane", lambda c: _some_queued(c, READY, Job.batch_id, Job.rank)),
    "a bound on delayed jobs": ("ix_jobs_by_run_at", lambda c: _some_queued(c, DELAYED, Job.run_at)),
    "window": ("ix_jobs_fed_unclaimed", lambda c: feeding.fed_by_lane(c, NOW - HOUR)),
    "counts of a batch": ("ix_jobs_of_batch_by_state", lambda c: queries.counts(c, "batch-3")),
    "jobs of a dead worker": ("ix_jobs_held_by_worker", lambda c: transitions.rescue(c, ["w1"], NOW)),
    "jobs a worker holds": ("ix_jobs_held_by_worker", lambda c: leases.holds(c, "w1")),
    "calls of a dead worker": ("ix_attempts_under_way", lambda c: ledger.mark_lost(c, ["w1"], NOW)),
    "jobs that ended lately": ("ix_jobs_lately_ended", lambda c: recent.ended_since(c, NOW)),
    "the last failures": ("ix_jobs_lately_ended", lambda c: recent.failures(c, 8)),
    "whether a job is overdue": ("ix_jobs_by_deadline", lambda c: transitions.any_overdue(c, NOW - HOUR)),
    "overdue jobs": ("ix_jobs_by_deadline", lambda c: transitions.expire_overdue(c, NOW - HOUR)),
}


def fill(database: Engine, lanes: Sequence[str]) -> None:
    """Insert jobs of many batches: most queued, some fed, some overdue, some running and few of these in a call."""
    jobs = [
        new_job(
            number,
            lane=lanes[number % len(lanes)],
            batch_id=f"batch-{number % 20}",
            request="x" * 400,
            fed_at=NOW if number < 40 else None,
            deadline=NOW if number % 50 == 0 else None,
        )
        for number in range(ROWS)
    ]
    with writing(database) as connection:
        for number in range(20):
            open_batch(connection, f"batch-{number}", "", None, NOW)
        accept(connection, jobs)
        for number in range(WORKERS):
            row = {"id": f"w{number}", "name": "w", "pid": 1, "lanes": "bulk", "capacity": 1, "started_at": NOW}
            leases.register(connection, {**row, "lease_until": NOW})
            ids = [job.id for job in jobs[1000 + number :: 20]]
            claimed = transitions.claim(connection, ids, f"w{number}", NOW)
            starts = [ledger.Start(row.id, 1, row.claim, f"w{number}", "main", "v2", NOW, 0.0) for row in claimed]
            ledger.begin(connection, starts)
        done = "UPDATE attempts SET outcome = 'failed', finished_at = started_at WHERE job_id NOT LIKE :under_way"
        connection.execute(text(done), {"under_way": "%77"})
    with database.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


@pytest.fixture(scope="module", params=["bulk", "bulk default"])
def lanes(request: pytest.FixtureRequest) -> Sequence[str]:
    """Those that hold jobs: of one lane alone the statistics say that every job is in any lane."""
    return str(request.param).split()


@pytest.fixture(scope="module", params=["sqlite_files", "postgresql_databases"])
def filled(request: pytest.FixtureRequest, lanes: Sequence[str]) -> Any:
    """A database of each kind, filled and with fresh statistics."""
    maker: SqliteFiles | PostgresqlServer = request.getfixturevalue(request.param)
    database = open_database(maker.migrated())
    fill(database, lanes)
    yield database
    database.dispose()


def plans(database: Engine, query: Query) -> list[str]:
    """Return how the database runs the last statement of a query: with the parameters it really has, and with any.

    PostgreSQL goes over to a plan for any once a connection has run a statement for some times.
    """
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any) -> None:
        seen.append((statement, parameters))

    with writing(database) as connection:
        event.listen(connection, "before_cursor_execute", note)
        query(connection)
        statement, parameters = seen[-1]
        if database.dialect.name == "sqlite":
            found = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()]
        else:
            found = [connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()]
            names = list(dict.fromkeys(PARAMETER.findall(statement)))
            numbered = PARAMETER.sub(lambda name: f"${names.index(name[1]) + 1}", statement)
            found.append(connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered}").all())
        connection.rollback()
    return ["\n".join(str(row[-1]) for row in rows) for rows in found]


@pytest.mark.parametrize(("index", "query"), PLANS.values(), ids=PLANS)
def test_query_uses_its_index(filled: Engine, index: str, query: Query) -> None:
    """The plan names the index, and reads neither the jobs nor the attempts from end to end."""
    for steps in plans(filled, query):
        assert index in steps
        assert not re.search(r"Seq Scan on (jobs|attempts)|SCAN (jobs|attempts)$", steps, re.MULTILINE)


@pytest.mark.parametrize("maker", ["sqlite_files", "postgresql_databases"])
def test_jobs_without_a_batch_are_not_sorted(maker: str, request: pytest.FixtureRequest) -> None:
    """The index has them in order: a million of them are no more work for the feeder than ten."""
    database = open_database(request.getfixturevalue(maker).migrated())
    queue(database, *[new_job(number, lane="bulk", request="x" * 400) for number in range(ROWS)])
    with database.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    asked: list[Query] = [lambda c: feeding._unbatched(c, "bulk"), lambda c: _first(c, "")]
    for query in asked:
        for steps in plans(database, query):
            assert "ix_jobs_ready_in_lane" in steps
            assert not re.search(r"Sort|TEMP B-TREE", steps)
    database.dispose()


HOLD = transitions.Hold("job-1", 1, 1, 0)
NAMED = [f"job-{number}" for number in range(10)]
STARTS = [ledger.Start(name, 1, 1, "w0", "main", "v2", NOW, 0.0) for name in NAMED]
BY_ID: dict[str, Query] = {
    "claiming": lambda c: transitions.claim(c, NAMED, "w0", NOW),
    "beginning calls": lambda c: ledger.begin(c, STARTS),
    "recording answers": lambda c: transitions.succeed(c, [replace(HOLD, job_id=name) for name in NAMED], NOW),
    "a late answer": lambda c: transitions.adopt(c, HOLD, NOW),
    "a failure": lambda c: transitions.fail(c, HOLD, transitions.Failure("code", "message", "remedy"), NOW),
    "handing back": lambda c: transitions.hand_back(c, Edge.RELEASE, HOLD, None, NOW),
    "published at once": lambda c: feeding.mark_fed(c, NAMED, NOW),
}


IN_ORDER = ("whose turn it is", "a batch's next jobs", "next jobs without a batch", "lanes with ready jobs")
FEEDING = {name: PLANS[name] for name in (*IN_ORDER, "whether one without a batch is ready", "window")}


@pytest.fixture(scope="module", params=["none", "old"])
def statistics(request: pytest.FixtureRequest) -> str:
    """What PostgreSQL knows of the jobs: nothing yet, or that others before them were all cancelled."""
    return str(request.param)


@pytest.fixture(scope="module", params=["sqlite_files", "postgresql_databases"])
def outdated(request: pytest.FixtureRequest, statistics: str) -> Any:
    """A database of each kind with a batch just accepted, of which its statistics do not know."""
    database = open_database(request.getfixturevalue(request.param).migrated())
    with database.connect() as connection:
        if database.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE jobs SET (autovacuum_enabled = off)"))
            connection.commit()
    if statistics == "old":
        before = [new_job(number, lane="bulk", request="x" * 400) for number in range(ROWS, 2 * ROWS)]
        queue(database, *before)
        with writing(database) as connection:
            transitions.cancel(connection, Job.id.in_([job.id for job in before]), NOW)
            connection.execute(text("ANALYZE"))
    queue(database, *[new_job(n, lane="bulk", batch_id="batch-2", request="x" * 400) for n in range(ROWS)])
    yield database
    database.dispose()


@pytest.mark.parametrize("query", BY_ID.values(), ids=BY_ID)
def test_jobs_that_are_named_are_found_by_their_names(outdated: Engine, query: Query) -> None:
    """Not by their state, which the statistics think rare: each statement would read all jobs that wait or run."""
    for steps in plans(outdated, query):
        indexes = set(re.findall(r"ix_jobs_\w+|pk_jobs|sqlite_autoindex_jobs_1", steps))
        assert indexes in ({"pk_jobs"}, {"sqlite_autoindex_jobs_1"})


@pytest.mark.parametrize(("index", "query"), FEEDING.values(), ids=FEEDING)
def test_feeding_needs_no_statistics(outdated: Engine, index: str, query: Query) -> None:
    """It goes by its own index alone and sorts nothing, also in the first minute after a large batch was accepted."""
    for steps in plans(outdated, query):
        assert set(re.findall(r"ix_jobs_\w+", steps)) == {index}
        assert not re.search(r"Sort|TEMP B-TREE|Seq Scan on jobs|SCAN jobs$", steps, re.MULTILINE)
