"""A bound on queued jobs: what it lets in, what it refuses, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import Engine, event

from models import queries, transitions
from models.job import Job
from models.session import reading, writing
from models.table import utcnow
from support.jobs import read
from tasks.enqueue import Entrance
from tasks.order import Order, chat_request
from tasks.producer import producer
from worker.errors import QueueFull
from worker.settings import load


@pytest.fixture
def nobody() -> Iterator[Celery]:
    """A producer whose word reaches no worker."""
    app = producer("memory://")
    yield app
    app.close()


def orders(count: int, lane: str = "bulk", first: int = 0) -> Sequence[Order]:
    """Orders with keys."""
    request = chat_request("Hello", None, "MiniMax-M2.7", {})
    return [Order(request, lane=lane, idempotency_key=f"k-{lane}-{number}") for number in range(first, first + count)]


def entrance(database: Engine, app: Celery, **environ: str) -> Entrance:
    """An entrance by these settings."""
    return Entrance.of(load(environ), database, app)


def test_a_full_lane_refuses_and_names_its_bound(database: Engine, nobody: Celery) -> None:
    """Exactly, whether jobs come one by one or together; a refused portion leaves no row, and other lanes go on."""
    door = entrance(database, nobody, MMQ_MAX_QUEUED="10")
    for number in range(7):
        door.enqueue(orders(1, first=number))
    with pytest.raises(QueueFull, match="lane 'bulk' may hold 10 queued jobs; submit again when some are done") as full:
        door.enqueue(orders(4, first=7))
    assert (full.value.lane, full.value.most) == ("bulk", 10)
    assert len(door.enqueue(orders(3, first=7))) == 3
    with pytest.raises(QueueFull):
        door.enqueue(orders(1, first=10))
    assert len(door.enqueue(orders(10, lane="default"))) == 10
    with pytest.raises(QueueFull, match="interactive"):
        door.enqueue(orders(11, lane="interactive"))
    with reading(database) as connection:
        assert {row.lane: row.jobs for row in queries.counts_by_lane(connection)} == {"bulk": 10, "default": 10}


def test_what_was_accepted_before_needs_no_room(database: Engine, nobody: Celery) -> None:
    """A producer that submits again after a crash is not refused for what is there already."""
    door = entrance(database, nobody, MMQ_MAX_QUEUED="5")
    door.enqueue(orders(5))
    assert door.enqueue(orders(5)) == []


def test_room_comes_back_with_finished_jobs(database: Engine, nobody: Celery) -> None:
    """Only what is queued counts."""
    door = entrance(database, nobody, MMQ_MAX_QUEUED="2")
    first, _ = door.enqueue(orders(2))
    with pytest.raises(QueueFull):
        door.enqueue(orders(1, first=2))
    with writing(database) as connection:
        transitions.cancel(connection, Job.id == first.id, utcnow())
    assert len(door.enqueue(orders(1, first=2))) == 1


def test_nothing_is_counted_without_a_bound_and_little_far_below_it(database: Engine, nobody: Celery) -> None:
    """One insert a job where none is set; where one is, most jobs come in by what an earlier look allowed."""
    for environ, most in (({}, 20), ({"MMQ_MAX_QUEUED": "1000"}, 20 + 3 * 4)):
        door, seen = entrance(database, nobody, **environ), statements(database)
        first = 0 if not environ else 20
        for number in range(first, first + 20):
            door.enqueue(orders(1, first=number))
        assert 20 <= len(seen()) <= most


def test_an_interactive_job_is_one_commit(database: Engine, nobody: Celery) -> None:
    """It is inserted as published, since it is published next; a job that can wait is inserted as waiting."""
    door, commits = entrance(database, nobody), []
    event.listen(database, "commit", commits.append)
    (urgent,) = door.enqueue(orders(1, lane="interactive"))
    (other,) = door.enqueue(orders(1))
    assert len(commits) == 2
    assert read(database, urgent.id).fed_at == read(database, urgent.id).created_at
    assert read(database, other.id).fed_at is None


def statements(database: Engine) -> Any:
    """What is sent to the database from now on, up to the first look at it."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("INSERT", "SELECT", "UPDATE")):
            seen.append(statement)

    event.listen(database, "before_cursor_execute", note)

    def look() -> list[str]:
        event.remove(database, "before_cursor_execute", note)
        with reading(database):
            return seen

    return look
