"""An engine that is told to stop: what it hands back, what it waits for, and what that costs the jobs."""

from __future__ import annotations

import threading

import pytest

from models import clock, leases
from models.session import reading
from support.engine import Rig, running
from support.waiting import eventually
from worker.engine import Engine
from worker.telemetry import Telemetry

NOBODY_THERE = "postgresql://mmq@127.0.0.1:1/mmq"


def test_stopping_hands_back_what_was_not_answered(rig: Rig) -> None:
    """A call that hangs is abandoned after the grace; its job is queued again, unspent, the worker's row gone."""
    with running(rig) as engine:
        (job_id,) = rig.submit("Endless [[mmq:hang]]")
        eventually(rig.calls)
        engine.stop(grace_s=0.1)
        job = rig.job(job_id)
        assert (job.state, job.attempts, job.failures) == ("queued", 1, 0)
        assert [(row.outcome, row.code) for row in rig.attempts(job_id)] == [("abandoned", "shutdown")]
        with reading(rig.database) as connection:
            assert leases.alive(connection, clock.now(connection)) == []


def test_stopping_does_not_wait_for_a_retry(rig: Rig) -> None:
    """A job between two tries goes back to its lane at once, with the failure it has spent."""
    with running(rig) as engine:
        (job_id,) = rig.submit("Failing [[mmq:1033]]")
        eventually(lambda: rig.attempts(job_id) and rig.attempts(job_id)[0].outcome)
        engine.stop(grace_s=20)
        job = rig.job(job_id)
    assert job.state == "queued"
    assert job.failures == len(rig.attempts(job_id))


def test_a_call_that_fails_while_stopping_is_not_made_again(rig: Rig) -> None:
    """Its job goes back with the failure it has spent, instead of being asked again in the time of grace."""
    with running(rig) as engine:
        (job_id,) = rig.submit("Failing late [[mmq:slow_headers]] [[mmq:1033]]")
        eventually(rig.calls)
        engine.stop(grace_s=60)
        job = rig.job(job_id)
    assert (job.state, job.failures, job.run_at) == ("queued", 1, None)
    assert [(row.outcome, row.code) for row in rig.attempts(job_id)] == [("failed", "1033")]
    assert rig.calls() == 1


def test_a_hurry_ends_the_grace(rig: Rig) -> None:
    """Told a second time, it breaks off the call that it would have given an hour, and hands its job back unspent."""
    with running(rig) as engine:
        (job_id,) = rig.submit("Endless [[mmq:hang]]")
        eventually(rig.calls)
        engine.begin_stop(grace_s=3600)
        engine.hasten()
        eventually(lambda: rig.job(job_id).state == "queued")
    assert (rig.job(job_id).failures, rig.job(job_id).rescues) == (0, 0)
    assert [(row.outcome, row.code) for row in rig.attempts(job_id)] == [("abandoned", "shutdown")]


def test_a_worker_that_waits_for_its_database_can_be_stopped(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Told to stop before it is registered, it does not wait any longer, and lets messages that come late go by."""
    settings = rig.settings(MMQ_DATABASE_URL=NOBODY_THERE)
    telemetry = Telemetry(lambda: rig.events)
    engine = Engine(settings, name="test@host", lanes=("bulk",), publish=lambda *_: None, telemetry=telemetry)
    starting = threading.Thread(target=engine.start, daemon=True)
    starting.start()
    eventually(lambda: "database is away" in caplog.text)
    engine.begin_stop(grace_s=3600)
    starting.join(timeout=60)
    assert not starting.is_alive()
    engine.accept("bulk", ["job-1"])
    assert engine.full
    engine.stop(grace_s=3600)
    assert not engine.failed


def test_a_stop_may_come_before_the_start(rig: Rig) -> None:
    """A signal that is quicker than the engine's thread is not lost."""
    settings = rig.settings(MMQ_DATABASE_URL=NOBODY_THERE)
    telemetry = Telemetry(lambda: rig.events)
    engine = Engine(settings, name="test@host", lanes=("bulk",), publish=lambda *_: None, telemetry=telemetry)
    engine.begin_stop(grace_s=3600)
    engine.start()
    engine.stop(grace_s=3600)
    assert not engine.failed
