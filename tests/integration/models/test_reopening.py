"""Retrying jobs for which an answer was kept."""

from __future__ import annotations

from sqlalchemy import Engine

from models import burial, ledger, queries, sweep, transitions
from models.job import Job
from models.session import reading, writing
from models.state import Edge, Outcome
from support.jobs import NOW, claim, finish, keep_answer, move, new_job, queue, read, register, start


def test_a_kept_answer_is_used_instead_of_asking_again(database: Engine) -> None:
    """Cancelled in mid-call, answered too late, retried: done with that answer, which the results show."""
    register(database, "w1")
    queue(database, new_job(1, batch_id="b"), new_job(2, batch_id="b"))
    hold = claim(database)
    with writing(database) as connection:
        ledger.begin(connection, [start(hold)])
        transitions.cancel(connection, Job.batch_id == "b", NOW)
        assert not transitions.adopt(connection, hold, NOW)
        ledger.close(connection, [finish(hold, Outcome.SUPERSEDED, answer="42")])
    assert sweep.reopen(database, Job.batch_id == "b", NOW) == sweep.Counts(queued=1, recovered=1)
    assert (read(database).state, read(database).attempts) == ("succeeded", 1)
    assert read(database, "job-2").state == "queued"
    with reading(database) as connection:
        assert [(row.id, row.answer) for row in queries.results(connection, "b", succeeded=True)] == [("job-1", "42")]
        assert queries.decided(connection, "job-1").answer == "42"


def test_the_newest_of_several_kept_answers_is_used(database: Engine) -> None:
    """A job has one answer; the others stay what they were."""
    register(database, "w1")
    queue(database, new_job())
    hold = claim(database)
    with writing(database) as connection:
        assert move(connection, Edge.FAIL, hold)
    for number in (1, 2, 3):
        keep_answer(database, number=number)
    assert sweep.reopen(database, Job.id == "job-1", NOW).recovered == 1
    row = read(database)
    assert (row.state, row.error_code, row.error_message, row.error_remedy) == ("succeeded", None, None, None)
    with reading(database) as connection:
        outcomes = [call.outcome for call in queries.attempts(connection, "job-1")]
    assert outcomes == ["superseded", "superseded", "succeeded"]


def test_an_answer_brought_after_a_quarantine_is_kept_and_used(database: Engine) -> None:
    """The worker was only frozen: its answer comes when the job has failed, and a retry takes it."""
    register(database, "w1", lease_until=NOW)
    queue(database, new_job())
    hold = claim(database)
    with writing(database) as connection:
        ledger.begin(connection, [start(hold)])
        assert burial.bury(connection, ["w1"], NOW, quarantine_after=1).quarantined == ["job-1"]
        assert not transitions.adopt(connection, hold, NOW)
        ledger.close(connection, [finish(hold, Outcome.SUPERSEDED, answer="42")])
    assert sweep.reopen(database, Job.id == "job-1", NOW) == sweep.Counts(queued=0, recovered=1)
    assert read(database).state == "succeeded"
