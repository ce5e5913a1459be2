"""What happened lately."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from models import ledger, recent, transitions
from models.session import reading, writing
from models.state import Outcome
from models.transitions import Hold
from support.jobs import FAILURE, NOW, claim, finish, new_job, queue, register, start

SECOND = timedelta(seconds=1)


def test_failures_come_newest_first_with_the_request_id_of_their_last_call(database: Engine) -> None:
    """A job that was retried has the last one's; one that failed without a call has none."""
    register(database, "w1")
    queue(database, *(new_job(number) for number in range(1, 5)))
    for number, calls in ((1, 2), (2, 1), (3, 0)):
        hold = claim(database, f"job-{number}")
        with writing(database) as connection:
            for call in range(1, calls + 1):
                ledger.begin(connection, [start(hold, number=call)])
                ended = finish(hold, Outcome.FAILED, call, code="1026", request_id=f"request-{number}-{call}")
                ledger.close(connection, [ended])
            transitions.fail(connection, Hold(hold.job_id, hold.claim, calls, calls), FAILURE, NOW + number * SECOND)
    with reading(database) as connection:
        rows = recent.failures(connection, 2)
        everything = recent.failures(connection, 10)
        ended = recent.ended_since(connection, NOW + SECOND)
    assert [(row.id, row.request_id) for row in everything] == [
        ("job-3", None),
        ("job-2", "request-2-1"),
        ("job-1", "request-1-2"),
    ]
    assert [row.id for row in rows] == ["job-3", "job-2"]
    assert ended == {"bulk": 2}
