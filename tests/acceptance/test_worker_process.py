"""A worker process and the signals it gets: draining, handing back, being killed in mid-call."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
from sqlalchemy import text

from models import leases
from models.session import writing
from models.table import utcnow
from support.waiting import eventually
from support.workers import STOP_LIMIT_S, Place, Worker
from worker.running.outcome import Abandoned

MARK = "a-marked-prompt"


def under_way(workplace: Place, job_id: str) -> bool:
    """Whether a call for the job is out."""
    return any(row.outcome is None for row in workplace.attempts(job_id)) and workplace.sandbox.stats()["calls"] > 0


def test_sigterm_finishes_what_is_in_flight_and_claims_no_more(workplace: Place) -> None:
    """The call under way is answered and recorded, the backlog stays queued and unspent, the exit is clean."""
    workplace.environ["MMQ_CALLS"] = "1"
    with workplace.queue() as queue, workplace.worker() as worker:
        jobs = queue.submit_many([f"{MARK} {number} [[mmq:slow_headers]]" for number in range(4)])
        eventually(lambda: workplace.sandbox.stats()["calls"] == 1)
        assert worker.terminate() == 0
        counts = jobs.counts()
        assert counts == {"succeeded": 1, "queued": 3}
    calls = workplace.sandbox.stats()["calls"]
    assert calls == 1
    assert workplace.alive() == []
    assert MARK not in worker.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_hastens(workplace: Place, number: signal.Signals) -> None:
    """The first lets the call under way take its time; the second breaks it off, and its job is queued unspent."""
    with workplace.queue() as queue, workplace.worker() as worker:
        job = queue.submit("Endless [[mmq:hang]]")
        eventually(lambda: under_way(workplace, job.id))
        worker.process.send_signal(number)
        eventually(lambda: "stopping: 1 calls under way" in worker.log)
        assert workplace.job(job.id).state == "running"
        worker.process.send_signal(number)
        assert worker.process.wait(STOP_LIMIT_S) == 0, worker.log
    row = workplace.job(job.id)
    assert (row.state, row.failures, row.rescues, row.losses) == ("queued", 0, 0, 0)
    assert [(attempt.outcome, attempt.code) for attempt in workplace.attempts(job.id)] == [("abandoned", "shutdown")]
    assert workplace.alive() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_exits_well(workplace: Place, number: signal.Signals) -> None:
    """Ctrl-C is as good as SIGTERM: what stopped in order is no failure to its supervisor."""
    with workplace.worker() as worker:
        worker.process.send_signal(number)
        assert worker.process.wait(STOP_LIMIT_S) == 0, worker.log


def test_a_worker_whose_engine_breaks_exits_as_failed(workplace: Place) -> None:
    """A table that is gone is no outage to wait for: the worker ends by itself, and its supervisor sees that."""
    with workplace.worker() as worker:
        with writing(workplace.database) as connection:
            connection.execute(text("DROP TABLE pauses"))
        assert worker.process.wait(STOP_LIMIT_S) == 1
        assert "the engine stopped by" in worker.log


def test_a_successor_goes_on_where_it_stopped(workplace: Place) -> None:
    """A rolling restart under load: every job is answered, none asked twice, none counted as rescued."""
    with workplace.queue() as queue:
        jobs = queue.submit_many([f"Number {number} [[mmq:slow_headers]]" for number in range(24)])
        with workplace.worker() as first:
            eventually(lambda: jobs.counts().get("succeeded"))
            with workplace.worker():
                assert first.terminate() == 0
                assert jobs.wait(30) == {"succeeded": 24}
        rows = [workplace.job(result.job_id) for result in jobs.results()]
    assert {(row.failures, row.rescues) for row in rows} == {(0, 0)}
    # What the first had begun and not sent stands in the ledger as just that.
    sent = [[each.outcome for each in workplace.attempts(row.id) if each.code != Abandoned.UNSENT] for row in rows]
    assert sent == [["succeeded"]] * 24
    assert workplace.sandbox.stats()["calls"] == 24


def lapse(workplace: Place, worker: Worker) -> None:
    """Let 15 seconds pass for a killed worker: its lease, which nobody renews any more, ends now if it has not yet."""
    for dead in [row for row in workplace.alive() if row.pid == worker.pid]:
        with writing(workplace.database) as connection:
            leases.renew(connection, dead.id, utcnow() - timedelta(seconds=1))


def test_a_killed_workers_call_is_lost_and_its_job_answered_by_another(workplace: Place) -> None:
    """`kill -9` in mid-call: one of its host claims the job at once, and the ledger shows what happened."""
    with workplace.queue() as queue, workplace.worker() as first:
        job = queue.submit("Slow at first [[mmq:slow_headers]]")
        eventually(lambda: under_way(workplace, job.id))
        first.kill()
        assert workplace.job(job.id).state == "running"
        with workplace.worker() as second:
            assert job.wait(20).text
            assert "rescued 1 jobs of 1 dead workers" in second.log
    row = workplace.job(job.id)
    assert (row.claim, row.rescues, row.attempts, row.failures) == (2, 1, 2, 0)
    assert [(attempt.outcome, attempt.code, attempt.claim) for attempt in workplace.attempts(job.id)] == [
        ("lost", "worker_lost", 1),
        ("succeeded", None, 2),
    ]
    assert workplace.sandbox.stats()["calls"] == 2


def test_a_lease_that_holds_is_respected(workplace: Place) -> None:
    """Before a worker's lease ran out none of another home touches its job: it might only be slow. Then one does."""
    with workplace.queue() as queue, workplace.worker() as first:
        job = queue.submit("Slow [[mmq:slow_headers]]")
        eventually(lambda: under_way(workplace, job.id))
        first.kill()
        workplace.environ["MMQ_HOME"] = str(workplace.home / "another")
        with workplace.worker():
            other = queue.submit("Another")
            assert other.wait(20).text
            row = workplace.job(job.id)
            assert (row.state, row.claim) == ("running", 1)
            lapse(workplace, first)
            assert job.wait(20).text


def test_redis_killed_and_started_empty_loses_no_job(workplace: Place) -> None:
    """In mid-backlog Redis dies and forgets everything: the worker recovers by itself, no job is asked twice."""
    with workplace.queue() as queue, workplace.worker() as worker:
        jobs = queue.submit_many([f"Number {number} [[mmq:slow_headers]]" for number in range(30)])
        eventually(lambda: jobs.counts().get("succeeded"))
        workplace.redis.stop()
        late = queue.submit("Accepted while Redis is away", lane="interactive")
        workplace.redis.start()
        assert jobs.wait(60) == {"succeeded": 30}
        assert late.wait(20).text
        assert worker.process.poll() is None
    assert workplace.sandbox.stats()["calls"] == 31


@pytest.mark.parametrize("level", ["info", "debug"])
def test_no_log_line_holds_a_prompt_an_answer_or_the_key(workplace: Place, level: str) -> None:
    """Answered, refused and failing jobs, from a producer of ours: ids and codes are logged, words are not."""
    with workplace.queue() as queue, workplace.worker("--log-level", level) as worker:
        jobs = queue.submit_many([f"{MARK}", f"{MARK} [[mmq:1026]]", f"{MARK} [[mmq:1000x1]]"])
        jobs.wait(20)
        texts = [result.text for result in jobs.results()]
        worker.terminate()
    assert len(texts) == 2
    for secret in (MARK, workplace.environ["MINIMAX_API_KEY"], *texts):
        assert secret not in worker.log
    assert "1026" in worker.log
