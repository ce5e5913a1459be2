"""The batch of an input holds exactly the input's lines, whatever happened to the file between two runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import Engine, select

from mmq.run.accept import Accepted, accept, open_batch
from mmq.run.intake import Intake
from mmq.run.write import write_answers, write_failures
from models import queries, transitions
from models.job import Job
from models.lane import Lane
from models.session import reading, writing
from models.transitions import Failure
from support.jobs import NOW, claim, register
from tasks.enqueue import Entrance
from tasks.producer import producer
from worker.errors import QueueFull
from worker.routing.judge import Judge
from worker.settings import load


@pytest.fixture
def nobody() -> Iterator[Celery]:
    """A producer whose word reaches no worker."""
    app = producer("memory://")
    yield app
    app.close()


@pytest.fixture
def run(database: Engine, nobody: Celery, tmp_path: Path) -> Callable[..., Accepted]:
    """Submits these lines as the same file each time."""

    def submit(*lines: str, fresh: bool = False, **environ: str) -> Accepted:
        path = tmp_path / "in.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        with Intake(tmp_path) as intake:
            heard: list[Any] = []
            intake.read(
                str(path),
                judge=Judge(load({}).payers),
                model="MiniMax-M2.7",
                format=None,
                on_remark=heard.append,
                on_progress=heard.append,
            )
            batch_id = open_batch(database, "in.txt", "the-key", fresh=fresh)
            return accept(Entrance.of(load(environ), database, nobody), intake, batch_id, Lane.BULK)

    return submit


def jobs(database: Engine, batch_id: str) -> list[tuple[str, int, str]]:
    """Prompt, position and state of the batch's jobs, in order."""
    with reading(database) as connection:
        table = Job.__table__
        rows = connection.execute(table.select().where(Job.batch_id == batch_id).order_by(Job.position)).all()
    return [(json.loads(row.request)["messages"][0]["content"], row.position, row.state) for row in rows]


def test_the_same_lines_again_are_no_new_jobs(database: Engine, run: Callable[..., Accepted]) -> None:
    """Nothing is asked twice."""
    first, second = run("a", "b"), run("a", "b")
    assert (first.new, first.known, second.new, second.known) == (2, 0, 0, 2)
    assert first.batch_id == second.batch_id


def test_appended_lines_are_added(database: Engine, run: Callable[..., Accepted]) -> None:
    """To the same batch."""
    run("a")
    again = run("a", "b")
    assert (again.new, again.known, again.withdrawn) == (1, 1, 0)
    assert jobs(database, again.batch_id) == [("a", 1, "queued"), ("b", 2, "queued")]


def test_a_line_inserted_above_makes_no_other_new(database: Engine, run: Callable[..., Accepted]) -> None:
    """Lines without a name move down with their answers, and are called by their new number."""
    run("a", "b", "b")
    again = run("new", "a", "b", "b")
    assert (again.new, again.known, again.withdrawn) == (1, 3, 0)
    assert [(prompt, place) for prompt, place, _ in jobs(database, again.batch_id)] == [
        ("new", 1), ("a", 2), ("b", 3), ("b", 4)
    ]  # fmt: skip
    with reading(database) as connection:
        names = connection.scalars(select(Job.custom_id).order_by(Job.position)).all()
    assert names == ["line-1", "line-2", "line-3", "line-4"]


def test_changed_lines_are_new_and_the_old_ones_withdrawn(database: Engine, run: Callable[..., Accepted]) -> None:
    """What is no longer in the input is neither asked nor counted."""
    run("a", "b")
    again = run("a", "c")
    assert (again.new, again.known, again.withdrawn) == (1, 1, 1)
    assert jobs(database, again.batch_id) == [("a", 1, "queued"), ("c", 2, "queued")]


def test_a_line_changed_back_is_asked_after_all(database: Engine, run: Callable[..., Accepted]) -> None:
    """It is the job it was, queued again."""
    run("a", "b")
    run("a", "c")
    back = run("a", "b")
    assert (back.new, back.known, back.withdrawn) == (0, 2, 1)
    assert jobs(database, back.batch_id) == [("a", 1, "queued"), ("b", 2, "queued")]


def test_a_job_cancelled_by_its_owner_stays_cancelled(database: Engine, run: Callable[..., Accepted]) -> None:
    """Running the file again is no change of mind."""
    batch_id = run("a").batch_id
    with writing(database) as connection:
        transitions.cancel(connection, Job.batch_id == batch_id, NOW)
    assert jobs(database, run("a").batch_id) == [("a", 1, "cancelled")]


def test_fresh_begins_anew(database: Engine, run: Callable[..., Accepted]) -> None:
    """All lines are jobs of a new batch, the old one is withdrawn as far as it waited; later runs resume the new."""
    old = run("a").batch_id
    fresh = run("a", fresh=True)
    assert (fresh.new, jobs(database, old)) == (1, [("a", 1, "cancelled")])
    assert run("a").batch_id == fresh.batch_id != old


def test_a_line_answered_before_it_was_removed_is_not_asked_again(
    database: Engine, run: Callable[..., Accepted]
) -> None:
    """Its answer comes back with the line."""
    batch_id = run("a", "b").batch_id
    register(database, "w1")
    with reading(database) as connection:
        (wanted,) = [row.id for row in connection.execute(Job.__table__.select().where(Job.position == 2))]
    hold = claim(database, wanted)
    with writing(database) as connection:
        transitions.fail(connection, hold, Failure("1026", "sensitive", "change it"), NOW)
    assert jobs(database, run("a").batch_id) == [("a", 1, "queued")]
    assert jobs(database, run("a", "b").batch_id) == [("a", 1, "queued"), ("b", 2, "failed")]
    with reading(database) as connection:
        assert queries.counts(connection, batch_id) == {"queued": 1, "failed": 1}


def test_failures_and_bad_lines_are_written_in_input_order(
    database: Engine, run: Callable[..., Accepted], tmp_path: Path
) -> None:
    """Line 2 never became a job; it stands between the jobs of lines 1 and 3."""
    batch_id = run("a", "", "b").batch_id
    with writing(database) as connection:
        transitions.cancel(connection, Job.batch_id == batch_id, NOW)
    target = tmp_path / "err.jsonl"
    bad = {"id": None, "custom_id": None, "line": 2, "response": None, "error": {"code": "invalid_request"}}
    assert write_failures(database, batch_id, str(target), [bad]) == 3
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["custom_id"] for line in lines] == ["line-1", None, "line-3"]


def test_without_failures_no_errors_file_appears(
    database: Engine, run: Callable[..., Accepted], tmp_path: Path
) -> None:
    """One of an earlier run is emptied: it would tell of failures that are none any more."""
    batch_id = run("a").batch_id
    target = tmp_path / "err.jsonl"
    assert write_failures(database, batch_id, str(target)) == 0
    assert not target.exists()
    target.write_text("old\n")
    write_failures(database, batch_id, str(target))
    assert target.read_text() == ""
    assert write_answers(database, batch_id, str(tmp_path / "out.jsonl")) == 0


def test_an_input_that_a_lane_has_no_room_for_is_refused_whole(run: Callable[..., Accepted], database: Engine) -> None:
    """None of its lines is enqueued; of an input that grew, only the lines that are new need room."""
    with pytest.raises(QueueFull, match="'bulk' may hold 3 queued jobs, and 4 more have no room"):
        run("a", "b", "c", "d", MMQ_MAX_QUEUED="3")
    assert run("a", "b", MMQ_MAX_QUEUED="3").new == 2
    accepted = run("a", "b", "c", MMQ_MAX_QUEUED="3")
    assert (accepted.new, accepted.known) == (1, 2)
    with pytest.raises(QueueFull):
        run("a", "b", "c", "d", MMQ_MAX_QUEUED="3")
    with pytest.raises(QueueFull, match="and 2 more have no room"):  # as many lines as before, and two are others
        run("a", "x", "y", MMQ_MAX_QUEUED="3")
    with reading(database) as connection:
        assert queries.counts(connection, accepted.batch_id) == {"queued": 3}
