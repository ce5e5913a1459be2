"""Adding up a batch's calls."""

from __future__ import annotations

from sqlalchemy import Engine, insert

from mmq.run.reckon import reckon
from models.attempt import Attempt
from models.session import writing
from models.state import Outcome
from support.jobs import NOW, new_job, queue, register


def test_every_call_is_counted_by_what_became_of_it(database: Engine) -> None:
    """Answers that came too late, calls that were broken off or lost, and those still out are not one and the same."""
    queue(database, new_job(1, batch_id="b"))
    register(database, "w1")
    outcomes = [Outcome.SUPERSEDED, Outcome.ABANDONED, Outcome.LOST, Outcome.THROTTLED, Outcome.FAILED, None]
    rows = [
        {
            "job_id": "job-1",
            "number": number,
            "claim": number,
            "worker_id": "w1",
            "account": "default",
            "api": "v2",
            "started_at": NOW,
            "finished_at": outcome and NOW,
            "outcome": outcome,
        }
        for number, outcome in enumerate(outcomes, 1)
    ]
    with writing(database) as connection:
        connection.execute(insert(Attempt), rows)
    summary = reckon(database, "b")
    assert (summary.calls, summary.calls_late, summary.calls_broken_off) == (6, 1, 2)
    assert (summary.refused_by_limits, summary.calls_failed, summary.open) == (1, 1, 1)
