"""The ledger: a call is written before it goes out, and only if its job is still held."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine

from models import ledger, queries, transitions
from models.job import Job
from models.session import reading, writing
from models.state import Edge, Outcome
from support.jobs import NOW, claim, finish, new_job, queue, register, start


def taken_by_another(connection: Connection) -> None:
    """Rescue the job and let another worker claim it."""
    transitions.rescue(connection, ["w1"], NOW)
    transitions.claim(connection, ["job-1"], "w2", NOW)


LOSSES = {
    "cancelled": lambda connection: transitions.cancel(connection, Job.id == "job-1", NOW),
    "rescued": lambda connection: transitions.rescue(connection, ["w1"], NOW),
    "taken by another": taken_by_another,
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_call_for_a_job_no_longer_held_does_not_begin(database: Engine, lose: object) -> None:
    """Of a group of calls those begin whose jobs are still held; the others leave no trace."""
    register(database, "w1", "w2")
    queue(database, new_job(1), new_job(2))
    held, lost = claim(database, "job-2", "w2"), claim(database, "job-1", "w1")
    with writing(database) as connection:
        assert callable(lose)
        lose(connection)
    with writing(database) as connection:
        assert ledger.begin(connection, [start(lost), start(held, "w2")]) == {"job-2"}
        assert queries.attempts(connection, "job-1") == []
        assert len(queries.attempts(connection, "job-2")) == 1


def test_a_call_is_told_from_anothers_of_the_same_number(database: Engine) -> None:
    """Of a job that was rescued before its call was written, the first call is that of whoever has it now."""
    register(database, "w1", "w2")
    queue(database, new_job(1), new_job(2))
    lost, mine = start(claim(database, "job-1", "w1")), start(claim(database, "job-2", "w1"))
    with writing(database) as connection:
        ledger.begin(connection, [mine])
        taken_by_another(connection)
        theirs = replace(lost, claim=2, worker_id="w2")
        ledger.begin(connection, [theirs])
        assert ledger.begun(connection, [lost, mine]) == [mine]
        assert ledger.begun(connection, [theirs]) == [theirs]
        assert ledger.begun(connection, []) == []


def test_end_of_a_call_is_written_beside_its_beginning(database: Engine) -> None:
    """All that is known of a call is kept, and calls of one group do not mix."""
    register(database, "w1")
    queue(database, new_job(1), new_job(2))
    one, two = claim(database, "job-1"), claim(database, "job-2")
    with writing(database) as connection:
        ledger.begin(connection, [start(one), replace(start(two), limited_s=1.5)])
        ledger.close(
            connection,
            [
                finish(one, Outcome.FAILED, http_status=500, code="1000", error_body="{}", request_id="trace-1"),
                finish(two, Outcome.SUCCEEDED, answer="42", prompt_tokens=3, completion_tokens=4, total_tokens=7),
            ],
        )
    with reading(database) as connection:
        (first,), (second,) = queries.attempts(connection, "job-1"), queries.attempts(connection, "job-2")
    assert (first.outcome, first.http_status, first.code, first.request_id) == ("failed", 500, "1000", "trace-1")
    assert (first.error_body, first.answer, first.limited_s) == ("{}", None, 0.0)
    assert (second.outcome, second.answer, second.total_tokens, second.limited_s) == ("succeeded", "42", 7, 1.5)
    assert (second.started_at, second.finished_at, second.error_body) == (NOW, NOW, None)


def test_nothing_to_write_writes_nothing(database: Engine) -> None:
    """An empty group is no statement."""
    with writing(database) as connection:
        assert ledger.begin(connection, []) == set()
        ledger.close(connection, [])


def test_repeated_write_changes_nothing(database: Engine) -> None:
    """A group written twice, its first acknowledgement lost, is there once, and an answer is not overwritten."""
    register(database, "w1")
    queue(database, new_job())
    hold = claim(database)
    for _ in range(2):
        with writing(database) as connection:
            assert ledger.begin(connection, [start(hold)]) == {"job-1"}
    with writing(database) as connection:
        ledger.close(connection, [finish(hold, Outcome.SUCCEEDED, answer="42")])
    with writing(database) as connection:
        ledger.close(connection, [finish(hold, Outcome.FAILED, code="1000")])
        (row,) = queries.attempts(connection, "job-1")
    assert (row.outcome, row.answer, row.code) == ("succeeded", "42", None)


def test_recount_takes_the_ledger_s_word(database: Engine) -> None:
    """A job's attempts become the highest number in the ledger, and zero where it has none."""
    register(database, "w1")
    queue(database, new_job(1), new_job(2))
    hold = claim(database)
    with writing(database) as connection:
        ledger.begin(connection, [start(hold, number=1), start(hold, number=2)])
        transitions.hand_back(connection, Edge.RELEASE, hold, None, NOW)
        ledger.recount(connection, ["job-1", "job-2"])
        rows = [queries.job(connection, job_id) for job_id in ("job-1", "job-2")]
    assert [row and row.attempts for row in rows] == [2, 0]
