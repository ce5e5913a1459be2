"""Doing the same to more jobs than one transaction takes."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Engine, event

from models import feeding, queries, sweep, transitions
from models.job import Job
from models.session import reading, writing
from support.jobs import NOW, claim, new_job, queue, read, register

JOBS = 5
BATCH = Job.batch_id == "b"


@pytest.fixture
def batch(database: Engine) -> Engine:
    """A batch of five queued jobs, the first of them fed, and a job of another batch."""
    register(database, "w1")
    queue(database, *(new_job(number, batch_id="b") for number in range(JOBS)), new_job(9, batch_id="other"))
    with writing(database) as connection:
        feeding.mark_fed(connection, ["job-0"], NOW)
    return database


def commits(database: Engine) -> list[Connection]:
    """Return a list that grows with every commit that wrote."""
    seen: list[Connection] = []

    def note(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            seen.append(connection)

    event.listen(database, "commit", note)
    return seen


def test_every_job_is_cancelled_and_no_other(batch: Engine) -> None:
    """Queued, fed and held ones, in portions; those of another batch stay."""
    claim(batch, "job-3")
    seen = commits(batch)
    assert sweep.cancel(batch, BATCH, NOW, portion=2) == JOBS
    assert len(seen) == 3
    with reading(batch) as connection:
        assert queries.counts(connection, "b") == {"cancelled": JOBS}
        assert queries.counts(connection, "other") == {"queued": 1}
    assert sweep.cancel(batch, BATCH, NOW, portion=2) == 0


def test_only_what_ended_without_an_answer_is_reopened(batch: Engine) -> None:
    """Cancelled jobs are queued again, an answered one stays answered."""
    hold = claim(batch, "job-1")
    with writing(batch) as connection:
        transitions.succeed(connection, [hold], NOW)
    assert sweep.cancel(batch, BATCH, NOW, portion=2) == JOBS - 1
    assert sweep.reopen(batch, BATCH, NOW, portion=2) == sweep.Counts(queued=JOBS - 1, recovered=0)
    with reading(batch) as connection:
        assert queries.counts(connection, "b") == {"queued": JOBS - 1, "succeeded": 1}


def test_moved_jobs_wait_in_their_new_lane(batch: Engine) -> None:
    """They are fed there at once, also one that had a message in the old lane, and those that ended stay."""
    with writing(batch) as connection:
        transitions.cancel(connection, Job.id == "job-4", NOW)
    assert sweep.change_lane(batch, BATCH, "default", portion=2) == JOBS - 1
    assert sweep.change_lane(batch, BATCH, "default", portion=2) == 0
    assert [read(batch, job_id).lane for job_id in ("job-0", "job-4", "job-9")] == ["default", "bulk", "bulk"]
    with writing(batch) as connection:
        fed = feeding.take_next(connection, "default", 10, NOW)
    assert list(fed.ids) == ["job-0", "job-1", "job-2", "job-3"]
