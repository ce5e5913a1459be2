"""A job that ends its worker again and again."""

from __future__ import annotations

from sqlalchemy import Engine

from models import burial, ledger, queries
from models.job import Job
from models.reopening import reopen
from models.session import reading, writing
from support.jobs import NOW, claim, new_job, queue, read, register, start


def lose(database: Engine, worker_id: str, *, calling: bool, after: int = 2) -> burial.Burial:
    """Let a worker claim the job, begin its call or not, and die."""
    register(database, worker_id, lease_until=NOW)
    hold = claim(database, worker_id=worker_id)
    with writing(database) as connection:
        if calling:
            ledger.begin(connection, [start(hold, worker_id)])
        return burial.bury(connection, [worker_id], NOW, after)


def test_a_job_whose_calls_are_lost_too_often_fails_with_the_evidence(database: Engine) -> None:
    """The second loss of two ends it: the message names both deaths, the ledger keeps both calls as lost."""
    queue(database, new_job())
    assert lose(database, "w1", calling=True) == burial.Burial(["job-1"], [])
    assert lose(database, "w2", calling=True) == burial.Burial([], ["job-1"])
    row = read(database)
    assert (row.state, row.error_code, row.losses, row.rescues, row.attempts) == ("failed", "quarantined", 2, 2, 2)
    death = "2026-01-01 12:00:00 UTC, celery@host (pid 1) died during this call, or before it was sent"
    assert row.error_message == f"calls begun and lost with their workers: 2: {death}; {death}"
    assert "mmq retry" in row.error_remedy
    with reading(database) as connection:
        assert [call.outcome for call in queries.attempts(connection, "job-1")] == ["lost", "lost"]


def test_a_job_that_only_waited_is_always_rescued(database: Engine) -> None:
    """Workers died holding it, but never in its call: that says nothing about the job."""
    queue(database, new_job())
    for number in range(4):
        assert lose(database, f"w{number}", calling=False) == burial.Burial(["job-1"], [])
    assert (read(database).state, read(database).losses, read(database).rescues) == ("queued", 0, 4)


def test_a_quarantined_job_that_is_retried_gets_new_tries(database: Engine) -> None:
    """It is queued again, and quarantined only after as many losses as before."""
    queue(database, new_job())
    lose(database, "w1", calling=True)
    lose(database, "w2", calling=True)
    with writing(database) as connection:
        assert reopen(connection, Job.id == "job-1", NOW).queued == ["job-1"]
    assert (read(database).state, read(database).losses) == ("queued", 0)
    assert lose(database, "w3", calling=True).rescued == ["job-1"]
    assert lose(database, "w4", calling=True).quarantined == ["job-1"]


def test_only_the_calls_of_the_present_claim_count(database: Engine) -> None:
    """A worker that was lost in mid-call and comes back empty-handed has another, which then only waits."""
    queue(database, new_job())
    register(database, "w1", "w2", lease_until=NOW)
    first = claim(database, worker_id="w1")
    with writing(database) as connection:
        ledger.begin(connection, [start(first, "w1")])
        burial.bury(connection, ["w1"], NOW)
    claim(database, worker_id="w2")
    with writing(database) as connection:
        burial.bury(connection, ["w2"], NOW)
    assert (read(database).losses, read(database).rescues) == (1, 2)
