"""The database refuses what the code should never write."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from models import ledger
from models.session import writing
from models.state import Outcome
from support.jobs import claim, new_job, queue, register, start

LONG_AGO = "'2026-01-01 12:00:00.000000+00:00'"

BROKEN_JOBS = {
    "state_known": "state = 'waiting'",
    "lane_known": "lane = 'express'",
    "running_has_worker": "state = 'running'",
    "queued_has_no_worker": "worker_id = 'w1'",
    "final_has_finished_at": "state = 'cancelled'",
    "queued_is_not_finished": f"finished_at = {LONG_AGO}",
    "failed_has_error_code": f"state = 'failed', finished_at = {LONG_AGO}",
    "only_failed_has_error_code": "error_code = '1026'",
    "only_queued_is_fed": f"state = 'running', worker_id = 'w1', fed_at = {LONG_AGO}",
    "batch_exists": "batch_id = 'nowhere'",
}

BROKEN_ATTEMPTS = {
    "outcome_known": f"outcome = 'maybe', finished_at = {LONG_AGO}",
    "outcome_has_finished_at": "outcome = 'failed'",
    "under_way_has_no_end": f"finished_at = {LONG_AGO}",
    "success_has_answer": f"outcome = 'succeeded', finished_at = {LONG_AGO}",
    "job_exists": "job_id = 'nowhere'",
}


@pytest.fixture
def called(database: Engine) -> Engine:
    """A database with a job `job-1` that is queued, and a job `job-2` in its first call."""
    register(database, "w1")
    queue(database, new_job(1), new_job(2))
    hold = claim(database, "job-2")
    with writing(database) as connection:
        ledger.begin(connection, [start(hold)])
    return database


@pytest.mark.parametrize("change", BROKEN_JOBS.values(), ids=BROKEN_JOBS)
def test_broken_job_is_refused(called: Engine, change: str) -> None:
    """A row that contradicts the state table does not get into `jobs`."""
    with pytest.raises(IntegrityError), writing(called) as connection:
        connection.execute(text(f"UPDATE jobs SET {change} WHERE id = 'job-1'"))


@pytest.mark.parametrize("change", BROKEN_ATTEMPTS.values(), ids=BROKEN_ATTEMPTS)
def test_broken_attempt_is_refused(called: Engine, change: str) -> None:
    """A row that contradicts the ledger's rules does not get into `attempts`."""
    with pytest.raises(IntegrityError), writing(called) as connection:
        connection.execute(text(f"UPDATE attempts SET {change} WHERE job_id = 'job-2'"))


def test_second_answer_to_a_job_is_refused(called: Engine) -> None:
    """Of two calls that were answered, one is the job's answer."""
    hold = ledger.Start("job-2", 2, 1, "w1", "main", "v2", new_job().created_at, 0.0)
    both = [finish_of(number, Outcome.SUCCEEDED) for number in (1, 2)]
    with writing(called) as connection:
        ledger.begin(connection, [hold])
    with pytest.raises(IntegrityError), writing(called) as connection:
        ledger.close(connection, both)
    with writing(called) as connection:
        ledger.close(connection, [both[0], finish_of(2, Outcome.SUPERSEDED)])


def finish_of(number: int, outcome: Outcome) -> ledger.Finish:
    """Return the end of a call of `job-2`, with an answer."""
    return ledger.Finish("job-2", number, new_job().created_at, outcome, answer="{}")


def test_error_does_not_quote_what_was_asked(database: Engine) -> None:
    """A failed statement's message holds neither the prompt nor the answer: it ends up in logs."""
    job = new_job(request="MARKED PROMPT", lane="express")
    with pytest.raises(IntegrityError) as caught:
        queue(database, job)
    # PostgreSQL's own DETAIL quotes the row that it refused; only what SQLAlchemy adds is ours to keep out.
    added = str(caught.value).replace(str(caught.value.orig), "")
    assert "MARKED PROMPT" not in added
