"""An upgrade under traffic: migrations run while workers of the version before are up, then new ones join them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from mmq.schema import behind, migrate
from models.session import open_database, reading
from models.table import utcnow
from support.databases import PostgresqlServer
from support.earlier import Earlier, NoHistory
from support.redis_server import running_redis
from support.waiting import eventually
from support.workers import Place

BACKLOG, MORE = 240, 60  # prompts: seconds of work for two workers, so that every step finds traffic under way


@pytest.fixture
def place(postgresql_databases: PostgresqlServer, tmp_path: Path) -> Iterator[Place]:
    """What both versions share; the database has no table yet."""
    with ExitStack() as stack:
        database = open_database(postgresql_databases.empty())
        stack.callback(database.dispose)
        redis = stack.enter_context(running_redis())
        sandbox = stack.enter_context(SandboxThread(SandboxConfig.of(latency_ms=200)))
        place = Place(database, redis, sandbox, tmp_path)
        place.environ["MMQ_RPM"] = "6000"
        yield place


@pytest.fixture
def earlier(place: Place, tmp_path: Path) -> Earlier:
    """The version before the newest migration, with its own schema in the database."""
    try:
        earlier = Earlier(tmp_path / "earlier", place.environ)
    except NoHistory as exc:
        pytest.skip(str(exc))
    earlier.python("-m", "alembic", "upgrade", "head")
    return earlier


def succeeded(place: Place, batch_id: str) -> int:
    """How many of a batch are answered, asked so that any schema can tell."""
    statement = text("SELECT count(*) FROM jobs WHERE batch_id = :batch_id AND state = 'succeeded'")
    with reading(place.database) as connection:
        return connection.scalar(statement, {"batch_id": batch_id}) or 0


def prompts(name: str, count: int) -> list[str]:
    """Return prompts that no other batch has."""
    return [f"{name} number {number}" for number in range(count)]


def test_the_earlier_version_is_what_runs(earlier: Earlier) -> None:
    """Its modules are found before ours, or the other test would prove nothing."""
    for module in ("models.job", "worker.engine", "mmq.cli.main"):
        where = earlier.python("-c", f"import {module} as module; print(module.__file__)")
        assert Path(where).is_relative_to(earlier.tree)


def test_an_upgrade_under_traffic_loses_nothing_and_repeats_nothing(place: Place, earlier: Earlier) -> None:
    """Old workers and producers go on through the migration; new ones work beside them, then take over."""
    assert behind(place.database)
    with ExitStack() as stack:
        old = [stack.enter_context(earlier.worker(place.database)) for _ in range(2)]
        first = earlier.submit(*prompts("before", BACKLOG))
        eventually(lambda: succeeded(place, first) >= 10)
        migrate(place.database)
        assert not behind(place.database)
        assert succeeded(place, first) < BACKLOG
        migrated_at = utcnow()

        second = earlier.submit(*prompts("after", MORE), lane="default")
        eventually(lambda: succeeded(place, second) >= 10)
        stack.enter_context(place.worker())
        queue = stack.enter_context(place.queue())
        third = queue.submit_many(prompts("beside", MORE), lane="default")
        urgent = queue.submit("at once", lane="interactive")
        assert urgent.wait(20).text
        assert [worker.terminate() for worker in old] == [0, 0]
        assert third.wait(60) == {"succeeded": MORE}
        eventually(lambda: succeeded(place, first) + succeeded(place, second) == BACKLOG + MORE)

    with reading(place.database) as connection:
        jobs = connection.execute(text("SELECT state, attempts, rescues FROM jobs")).all()
        after = text("SELECT count(DISTINCT worker_id) FROM attempts WHERE started_at > :moment")
        workers = connection.scalar(after, {"moment": migrated_at})
    assert len(jobs) == BACKLOG + 2 * MORE + 1
    assert set(jobs) == {("succeeded", 1, 0)}
    assert {(row["asked"], row["answered"]) for row in place.sandbox.prompts().values()} == {(1, 1)}
    assert len(place.sandbox.prompts()) == len(jobs)
    assert workers == 3
