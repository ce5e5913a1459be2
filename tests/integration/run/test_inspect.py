"""Why a job waits, as `mmq show` tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from mmq.report.outlook import Outlook
from mmq.report.paper import put
from mmq.report.record import as_record, rendered
from mmq.run.inspect import inspect
from models import feeding, pause, pausing
from models.session import writing
from models.table import utcnow
from support.jobs import new_job, queue, register
from support.redis_server import RedisServer, running_redis
from worker.admission.keys import BudgetKey
from worker.errors import NotFound
from worker.settings import Settings, load

BUSY = {
    "request_us": 60_000_000 / (600 * 0.985),
    "held": 3,
    "minute": 10**9,
    "waiting_3": 100,
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One account, and no Redis."""
    return load({"MINIMAX_API_KEY": "key", "MMQ_HOME": str(tmp_path)})


def outlook(settings: Settings, database: Engine, job_id: str) -> Outlook:
    """Return what a job waits for, having shown it to people and programs."""
    record = inspect(settings, database, job_id)
    stream = StringIO()
    put(rendered(record, prompt=False, answer=False), stream)
    assert record.outlook is not None
    assert record.outlook.text[:20] in stream.getvalue()
    assert json.loads(json.dumps(as_record(record, prompt=False, answer=False), default=str))["wait"]["reason"]
    return record.outlook


def test_an_unknown_job_is_told(settings: Settings, database: Engine) -> None:
    """It is not an empty record."""
    with pytest.raises(NotFound, match="nothing"):
        inspect(settings, database, "nothing")


def test_what_stands_in_the_way_first_is_named(settings: Settings, database: Engine) -> None:
    """A paused lane, then a paused account with its remedy, then no worker, then Redis; with its place in the lane."""
    jobs = [new_job(number, lane="bulk") for number in range(3)]
    queue(database, *jobs)
    with writing(database) as connection:
        pausing.pause(connection, pause.LANE, "bulk", utcnow())
        pausing.pause(connection, pause.ACCOUNT, "default", utcnow(), code="1008", reason="no balance", remedy="top up")
    assert outlook(settings, database, jobs[2].id).reason == "lane_paused"
    with writing(database) as connection:
        pausing.resume(connection, pause.LANE, "bulk")
    told = outlook(settings, database, jobs[2].id)
    assert (told.reason, "top up" in told.text) == ("account_paused", True)
    with writing(database) as connection:
        pausing.resume(connection, pause.ACCOUNT, "default")
    assert outlook(settings, database, jobs[2].id).reason == "no_worker"
    register(database, "w1", lease_until=utcnow() + timedelta(hours=1))
    told = outlook(settings, database, jobs[2].id)
    assert (told.reason, told.before, told.dimension, told.starts_at) == ("turn", 2, "redis", None)


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """An empty Redis."""
    with running_redis() as server:
        yield server


def test_its_start_is_reckoned_from_all_that_goes_before(
    database: Engine, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Behind 100 calls in workers, 50 urgent jobs and 149 of its lane at 600 a minute: half a minute, too late."""
    settings = load({"MINIMAX_API_KEY": "key", "MMQ_HOME": str(tmp_path), "MMQ_REDIS_URL": redis_server.unix_url})
    register(database, "w1", lease_until=utcnow() + timedelta(hours=1))
    late = new_job(149, lane="bulk", deadline=utcnow() + timedelta(seconds=20))
    queue(database, *[new_job(number, lane="bulk") for number in range(149)], late)
    queue(database, *[new_job(number, lane="interactive") for number in range(200, 250)])
    with redis.Redis.from_url(redis_server.unix_url) as client:
        client.hset(BudgetKey("default", late.model).state, mapping=BUSY)
    told = outlook(settings, database, late.id)
    assert (told.reason, told.before, told.dimension, told.deadline_at_risk) == ("turn", 149, "requests", True)
    assert told.starts_at is not None
    assert 29 < (told.starts_at - utcnow()).total_seconds() < 31


def test_a_job_that_was_handed_over_has_nobody_before_it(settings: Settings, database: Engine) -> None:
    """Its message is under way; who is not yet handed over counts those that go before."""
    fed, behind = new_job(1, lane="bulk"), new_job(2, lane="bulk")
    register(database, "w1", lease_until=utcnow() + timedelta(hours=1))
    queue(database, fed, behind)
    with writing(database) as connection:
        feeding.mark_fed(connection, [fed.id], utcnow())
    assert "handed to the workers" in outlook(settings, database, fed.id).text
    assert outlook(settings, database, behind.id).before == 0
