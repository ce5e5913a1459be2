"""What can be asked about batches: results, counts, usage, reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from models import ledger, pause, pausing, queries, transitions
from models.job import Job
from models.session import reading, writing
from models.state import Edge, Outcome
from models.transitions import Hold
from support.jobs import FAILURE, HOUR, NOW, claim, finish, new_job, queue, register, start


def answer(database: Engine, job_id: str, text_: str) -> None:
    """Let a queued job succeed at its first call."""
    hold = claim(database, job_id)
    with writing(database) as connection:
        ledger.begin(connection, [start(hold)])
        transitions.succeed(connection, [replace(hold, attempts=1)], NOW)
        ledger.close(connection, [finish(hold, Outcome.SUCCEEDED, answer=text_, prompt_tokens=3, completion_tokens=4)])


def refuse(database: Engine, job_id: str, calls: int = 2) -> None:
    """Let a queued job fail for good after some calls."""
    hold = claim(database, job_id)
    with writing(database) as connection:
        for number in range(1, calls + 1):
            ledger.begin(connection, [replace(start(hold, number=number), limited_s=0.5)])
            body = f"body of call {number}"
            ledger.close(connection, [finish(hold, Outcome.FAILED, number, code="1026", error_body=body)])
        transitions.fail(connection, Hold(job_id, hold.claim, calls, calls), FAILURE, NOW)


@pytest.fixture
def batch(database: Engine) -> Engine:
    """A database with a batch `b` of six jobs, two of each kind of end, whose ids run against their positions."""
    register(database, "w1")
    queue(database, *(new_job(9 - position, position=position, batch_id="b") for position in range(6)))
    queue(database, new_job(100, batch_id="other"))
    for job_id in ("job-9", "job-6"):
        answer(database, job_id, f"answer of {job_id}")
    for job_id in ("job-8", "job-5"):
        refuse(database, job_id)
    with writing(database) as connection:
        transitions.cancel(connection, Job.id == "job-7", NOW)
    return database


def test_answers_come_in_input_order(batch: Engine) -> None:
    """Succeeded jobs come with their own answers, in the order of their positions."""
    with reading(batch) as connection:
        rows = list(queries.results(connection, "b", succeeded=True))
    assert [(row.position, row.id, row.answer) for row in rows] == [
        (0, "job-9", "answer of job-9"),
        (3, "job-6", "answer of job-6"),
    ]


def test_failures_come_with_their_last_call(batch: Engine) -> None:
    """Jobs that ended without an answer come in input order, with the error and the body of their last call."""
    with reading(batch) as connection:
        rows = list(queries.results(connection, "b", succeeded=False))
    assert [(row.id, row.state, row.error_code, row.error_body) for row in rows] == [
        ("job-8", "failed", "1026", "body of call 2"),
        ("job-7", "cancelled", None, None),
        ("job-5", "failed", "1026", "body of call 2"),
    ]


def test_one_job_comes_as_it_does_in_the_results(batch: Engine) -> None:
    """A single job's result is the row that the batch has for it, answered or not; an unknown job has none."""
    with reading(batch) as connection:
        for succeeded in (True, False):
            for row in list(queries.results(connection, "b", succeeded=succeeded)):
                assert queries.decided(connection, row.id) == row
        assert queries.decided(connection, "nowhere") is None


def test_counts_and_reasons_are_of_the_batch_alone(batch: Engine) -> None:
    """Counts, tokens, waits and error codes are summed over the batch's jobs and over no others."""
    with reading(batch) as connection:
        assert queries.counts(connection, "b") == {"succeeded": 2, "failed": 2, "cancelled": 1, "queued": 1}
        usage = queries.usage(connection, "b")
        assert tuple(usage) == (6, 6, 8, 2.0)
        assert [tuple(row) for row in queries.attempts_by_code(connection, "b")] == [
            ("failed", "1026", 4),
            ("succeeded", None, 2),
        ]
        (failures,) = queries.failures_by_code(connection, "b")
        assert tuple(failures) == ("1026", FAILURE.message, FAILURE.remedy, 2, "job-5")
        assert [tuple(row) for row in queries.counts_by_lane(connection)] == [("bulk", "queued", 2)]
        assert tuple(queries.usage(connection, "nowhere")) == (0, 0, 0, 0.0)


def test_position_counts_what_goes_before_as_batches_take_turns(database: Engine) -> None:
    """Before the fourth of a batch go its three, three of a longer one, both of a shorter one, and one without any."""
    longer = [new_job(number, id=f"longer-{number}", batch_id="longer") for number in range(9)]
    mine = [new_job(20 + number, id=f"mine-{number}", batch_id="mine") for number in range(6)]
    shorter = [new_job(40 + number, id=f"shorter-{number}", batch_id="shorter") for number in range(2)]
    queue(database, *longer, *mine, *shorter, new_job(50), new_job(51, lane="default"))
    with reading(database) as connection:
        assert queries.jobs_before(connection, "bulk", "mine", 23) == 3 + 3 + 2 + 1
        assert queries.jobs_before(connection, "bulk", "mine", 20) == 0
        assert queries.jobs_before(connection, "bulk", None, 50) == 0


def test_unfinished_jobs_are_counted_wherever_they_are(database: Engine) -> None:
    """Ready, fed, waiting for their moment, and running; finished ones are not."""
    register(database, "w1")
    queue(database, new_job(1), new_job(2, fed_at=NOW), new_job(3), new_job(4), new_job(5), new_job(6, lane="default"))
    hold = claim(database, "job-3")
    claim(database, "job-4")
    with writing(database) as connection:
        transitions.hand_back(connection, Edge.RETRY, hold, NOW + HOUR, NOW)
        transitions.cancel(connection, Job.id == "job-5", NOW)
    with reading(database) as connection:
        counts = {(row.lane, row.state): row.jobs for row in queries.counts_by_lane(connection)}
    assert counts == {("bulk", "queued"): 3, ("bulk", "running"): 1, ("default", "queued"): 1}


def test_what_does_not_exist_is_none(database: Engine) -> None:
    """Asking for an unknown job or batch is no error."""
    with reading(database) as connection:
        assert queries.job(connection, "nowhere") is None
        assert queries.batch(connection, "nowhere") is None
        assert queries.attempts(connection, "nowhere") == []
        assert list(queries.results(connection, "nowhere", succeeded=True)) == []


def test_results_are_fetched_in_portions(postgresql: Engine) -> None:
    """The rows of a large batch stay on the server, behind a cursor, until they are asked for."""
    register(postgresql, "w1")
    queue(postgresql, *(new_job(number, batch_id="b") for number in range(30)))
    with writing(postgresql) as connection:
        transitions.cancel(connection, Job.batch_id == "b", NOW)
    with reading(postgresql) as connection:
        rows = queries.results(connection, "b", succeeded=False, rows_a_fetch=10)
        assert next(rows).id == "job-0"
        assert connection.scalar(text("SELECT count(*) FROM pg_cursors")) == 1
        assert [row.id for row in rows] == [f"job-{number}" for number in range(1, 30)]


def test_pause_says_why_until_it_is_lifted(database: Engine) -> None:
    """A second pause replaces the reason of the first; resuming what is open says so."""
    with writing(database) as connection:
        pausing.pause(connection, pause.ACCOUNT, "main", NOW, code="1008", reason="no balance")
        pausing.pause(connection, pause.ACCOUNT, "main", NOW, code="1004", reason="bad key", probe_at=NOW + HOUR)
        pausing.pause(connection, pause.LANE, "bulk", NOW)
        accounts, lanes = pausing.paused(connection)
        assert (accounts.name, accounts.code, accounts.reason, accounts.probe_at) == (
            "main",
            "1004",
            "bad key",
            NOW + HOUR,
        )
        assert (lanes.kind, lanes.name, lanes.code) == ("lane", "bulk", None)
        assert pausing.resume(connection, pause.ACCOUNT, "main")
        assert not pausing.resume(connection, pause.ACCOUNT, "main")
        assert [row.name for row in pausing.paused(connection)] == ["bulk"]
