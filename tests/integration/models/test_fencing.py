"""Who may write: the holder of the newest claim, and a late answer that nobody forestalled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from models import ledger, queries, transitions
from models.job import Job
from models.session import reading, writing
from models.state import Edge, JobState, Outcome
from support.jobs import NOW, claim, finish, move, new_job, queue, read, register, start

BY_HOLD = [Edge.SUCCEED, Edge.FAIL, Edge.RETRY, Edge.SNOOZE, Edge.RELEASE, Edge.EXPIRE]


@pytest.fixture
def job(database: Engine) -> Engine:
    """A database with one queued job and two workers."""
    register(database, "w1", "w2")
    queue(database, new_job())
    return database


@pytest.mark.parametrize("edge", BY_HOLD)
def test_older_claim_does_not_write(job: Engine, edge: Edge) -> None:
    """A worker whose job was rescued and claimed by another moves nothing and leaves the counters alone."""
    stale = claim(job)
    with writing(job) as connection:
        transitions.rescue(connection, ["w1"], NOW)
    claim(job, worker_id="w2")
    before = read(job)
    with writing(job) as connection:
        assert not move(connection, edge, replace(stale, attempts=7, failures=7))
    assert read(job) == before


@pytest.mark.parametrize("edge", BY_HOLD)
def test_given_up_claim_does_not_write_before_the_next(job: Engine, edge: Edge) -> None:
    """A hold ends when the job is queued again, not only when somebody else claims it."""
    stale = claim(job)
    with writing(job) as connection:
        transitions.rescue(connection, ["w1"], NOW)
    before = read(job)
    with writing(job) as connection:
        assert not move(connection, edge, replace(stale, attempts=7, failures=7))
    assert read(job) == before


@pytest.mark.parametrize("edge", BY_HOLD)
def test_holder_writes_its_counters_back(job: Engine, edge: Edge) -> None:
    """The holder's attempts and failures are on the job afterwards."""
    hold = replace(claim(job), attempts=3, failures=2)
    with writing(job) as connection:
        assert move(connection, edge, hold)
    assert (read(job).attempts, read(job).failures) == (3, 2)


def test_many_succeed_at_once_each_by_its_own_claim(database: Engine) -> None:
    """Jobs with different counters finish in one call; the one that was lost meanwhile is left out."""
    register(database, "w1", "w2")
    queue(database, *(new_job(number) for number in range(6)))
    holds = [replace(claim(database, f"job-{number}"), attempts=number % 2 + 1) for number in range(6)]
    with writing(database) as connection:
        transitions.hand_back(connection, Edge.RELEASE, holds[5], None, NOW)
    claim(database, "job-5", "w2")
    with writing(database) as connection:
        moved = transitions.succeed(connection, holds, NOW)
    assert moved == {f"job-{number}" for number in range(5)}
    assert [read(database, f"job-{number}").attempts for number in range(5)] == [1, 2, 1, 2, 1]
    assert read(database, "job-5").state == JobState.RUNNING


@pytest.mark.parametrize("claimed_again", [False, True])
def test_late_answer_is_adopted_once(job: Engine, claimed_again: bool) -> None:
    """A worker that lost its job finishes it after all; the worker that had it since then loses, and is counted."""
    late = claim(job)
    with writing(job) as connection:
        transitions.rescue(connection, ["w1"], NOW)
    other = claim(job, worker_id="w2") if claimed_again else late
    with writing(job) as connection:
        if claimed_again:
            assert ledger.begin(connection, [start(other)])
        assert transitions.adopt(connection, late, NOW)
        assert not transitions.adopt(connection, late, NOW)
        assert transitions.succeed(connection, [other], NOW) == set()
    ended = read(job)
    assert (ended.state, ended.worker_id, ended.attempts) == (JobState.SUCCEEDED, None, int(claimed_again))


def test_job_is_not_claimed_before_it_is_due(database: Engine) -> None:
    """A job that waits for a retry is left alone until its moment, and taken at it."""
    register(database, "w1")
    queue(database, new_job())
    later = NOW + timedelta(seconds=4)
    with writing(database) as connection:
        transitions.claim(connection, ["job-1"], "w1", NOW)
        hold = transitions.Hold("job-1", 1, 1, 1)
        assert transitions.hand_back(connection, Edge.RETRY, hold, later, NOW)
        assert transitions.claim(connection, ["job-1"], "w1", later - timedelta(microseconds=1)) == []
        (row,) = transitions.claim(connection, ["job-1"], "w1", later)
    assert (row.claim, row.attempts, row.failures) == (2, 1, 1)
    assert read(database).run_at is None


def test_worker_can_ask_what_it_holds(database: Engine) -> None:
    """Of the jobs named, those come that this worker holds, with the claim that it holds them by."""
    register(database, "w1", "w2")
    queue(database, *(new_job(number) for number in (1, 2, 3)))
    hold = claim(database, "job-1", "w1")
    claim(database, "job-2", "w2")
    with reading(database) as connection:
        (row,) = transitions.held_by(connection, ["job-1", "job-2", "job-3"], "w1")
    assert (row.id, row.claim) == ("job-1", hold.claim)


def test_only_queued_jobs_are_found_overdue(database: Engine) -> None:
    """A running job's deadline is its worker's business; a queued one's is noticed after its moment, and ended."""
    register(database, "w1")
    queue(database, new_job(1, deadline=NOW), new_job(2, deadline=NOW))
    claim(database, "job-1")
    after = NOW + timedelta(microseconds=1)
    with writing(database) as connection:
        assert not transitions.any_overdue(connection, NOW)
        assert transitions.any_overdue(connection, after)
        assert transitions.expire_overdue(connection, after) == ["job-2"]
        assert not transitions.any_overdue(connection, after)


def test_unregistered_worker_claims_nothing(database: Engine) -> None:
    """A worker without a lease takes no job: nobody would rescue it."""
    queue(database, new_job())
    with writing(database) as connection:
        assert transitions.claim(connection, ["job-1"], "ghost", NOW) == []
    assert read(database).state == JobState.QUEUED


def test_reopened_job_starts_afresh(job: Engine) -> None:
    """An operator's retry clears the error and the failures, and keeps the count of attempts and claims."""
    hold = replace(claim(job), attempts=1, failures=3)
    with writing(job) as connection:
        ledger.begin(connection, [start(hold, number=1)])
        assert move(connection, Edge.FAIL, hold)
        ledger.close(connection, [finish(hold, Outcome.FAILED, number=1)])
        assert move(connection, Edge.REOPEN, hold)
    row = read(job)
    assert (row.error_code, row.error_message, row.error_remedy, row.finished_at) == (None, None, None, None)
    assert (row.failures, row.attempts, row.claim) == (0, 1, 1)


def test_call_cut_short_by_a_cancel_keeps_its_number(job: Engine) -> None:
    """A job cancelled in mid-call and reopened begins its next call under a new number, and both are recorded."""
    first = claim(job)
    with writing(job) as connection:
        ledger.begin(connection, [start(first)])
        transitions.cancel(connection, Job.id == "job-1", NOW)
        transitions.reopen(connection, Job.id == "job-1", NOW)
    second = claim(job, worker_id="w2")
    with writing(job) as connection:
        assert ledger.begin(connection, [start(second, "w2")]) == {"job-1"}
        ledger.close(connection, [finish(first, Outcome.ABANDONED)])
    with reading(job) as connection:
        rows = queries.attempts(connection, "job-1")
    assert [(row.number, row.worker_id, row.outcome) for row in rows] == [(1, "w1", "abandoned"), (2, "w2", None)]
