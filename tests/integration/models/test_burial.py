"""What becomes of the jobs and the calls of a worker that died."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from models import burial, leases, ledger, queries, transitions
from models.session import reading, writing
from models.state import JobState, Outcome
from support.jobs import HOUR, NOW, claim, finish, new_job, queue, read, register, start


def test_lease_ends_at_its_moment(database: Engine) -> None:
    """A worker is alive before its lease ends and expired from that moment on, until it renews."""
    register(database, "w1", lease_until=NOW)
    just_before = NOW - timedelta(microseconds=1)
    with writing(database) as connection:
        assert [row.id for row in leases.alive(connection, just_before)] == ["w1"]
        assert leases.expired(connection, just_before) == []
        assert leases.alive(connection, NOW) == []
        assert leases.expired(connection, NOW) == ["w1"]
        assert leases.renew(connection, "w1", NOW + HOUR)
        assert leases.expired(connection, NOW) == []


def test_burial_gives_the_jobs_back_and_counts_their_calls(database: Engine) -> None:
    """Rescued jobs are queued at once, with every call that the ledger knows counted and the last one lost."""
    register(database, "dead", lease_until=NOW)
    register(database, "living")
    queue(database, *(new_job(number) for number in (1, 2, 3)))
    called, uncalled, other = (
        claim(database, "job-1", "dead"),
        claim(database, "job-2", "dead"),
        claim(database, "job-3", "living"),
    )
    with writing(database) as connection:
        ledger.begin(connection, [start(called, "dead", 1), start(other, "living", 1)])
        ledger.close(connection, [finish(called, Outcome.FAILED, 1, code="1000")])
        ledger.begin(connection, [start(called, "dead", 2)])

        assert leases.holds(connection, "dead") == {"job-1": 1, "job-2": 1}
        buried = burial.bury(connection, ["dead"], NOW)
        assert (sorted(buried.rescued), buried.quarantined) == (["job-1", "job-2"], [])
        assert leases.holds(connection, "dead") == {}
        assert [row.id for row in leases.alive(connection, NOW)] == ["living"]

    rows = [read(database, job_id) for job_id in ("job-1", "job-2", "job-3")]
    assert [(row.state, row.attempts, row.rescues, row.losses, row.worker_id) for row in rows] == [
        ("queued", 2, 1, 1, None),
        ("queued", 0, 1, 0, None),
        ("running", 0, 0, 0, "living"),
    ]
    with reading(database) as connection:
        assert [row.outcome for row in queries.attempts(connection, "job-1")] == ["failed", "lost"]
        assert [row.outcome for row in queries.attempts(connection, "job-3")] == [None]
    assert uncalled.claim == read(database, "job-2").claim


def test_living_worker_is_not_buried(database: Engine) -> None:
    """A worker that renewed after it was found expired keeps its jobs."""
    register(database, "w1")
    queue(database, new_job())
    claim(database)
    with writing(database) as connection:
        assert burial.bury(connection, ["w1"], NOW) == burial.Burial()
        assert burial.bury(connection, [], NOW) == burial.Burial()
        assert leases.renew(connection, "w1", NOW + HOUR)
    assert read(database).state == JobState.RUNNING


def test_late_answer_replaces_lost_in_the_ledger(database: Engine) -> None:
    """A worker thought dead brings its answer: the job is done, and the call was not lost after all."""
    register(database, "w1", lease_until=NOW)
    queue(database, new_job(batch_id="b"))
    hold = claim(database)
    with writing(database) as connection:
        ledger.begin(connection, [start(hold)])
        burial.bury(connection, ["w1"], NOW)
    with writing(database) as connection:
        assert transitions.succeed(connection, [hold], NOW) == set()
        assert transitions.adopt(connection, hold, NOW)
        ledger.close(connection, [finish(hold, Outcome.SUCCEEDED, answer="42")])
    with reading(database) as connection:
        (result,) = queries.results(connection, "b", succeeded=True)
    assert (result.id, result.answer) == ("job-1", "42")
