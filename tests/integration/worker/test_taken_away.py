"""Jobs that are taken from a worker: withdrawn by their owner, or given to another while this process stood still."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models import burial, clock, leases, ledger, pause, pausing, transitions
from models.job import Job
from models.session import reading, writing
from models.table import utcnow
from support.engine import Rig, running
from support.jobs import NOW, claim, register, start
from support.waiting import eventually
from worker.recording import lease
from worker.running.execution import Execution
from worker.running.place import Place
from worker.stand import Stand
from worker.telemetry import Telemetry


def cancel(rig: Rig, job_id: str) -> None:
    """Withdraw a job."""
    with writing(rig.database) as connection:
        assert transitions.cancel(connection, Job.id == job_id, utcnow()) == [job_id]


def bury(rig: Rig, worker_id: str) -> list[str]:
    """Let a worker's lease run out, and rescue its jobs."""
    with writing(rig.database) as connection:
        now = clock.now(connection)
        leases.renew(connection, worker_id, now - timedelta(seconds=1))
        return list(burial.bury(connection, [worker_id], now).rescued)


async def at_once() -> bool:
    """Get a place."""
    return True


NOWHERE = Place(soon=lambda: False, take=at_once, denied=lambda: None, granted=lambda: None, answered=lambda: None)


def execute(rig: Rig, job_id: str, tick: Callable[[int], float], place: Place = NOWHERE) -> None:
    """Run one job without an engine, by a clock that `tick` gives its readings, the first being number 0."""
    settings = rig.settings()
    readings = iter(range(100))

    async def run() -> None:
        async with Stand(settings, "w1", lambda _lane, _ids: None, Telemetry(lambda: rig.events)) as stand:
            row = {"id": "w1", "name": "test@host", "pid": 1, "lanes": "default", "capacity": 1}
            await stand.recorder.submit(lambda connection: lease.register(connection, row))
            (claimed,) = await stand.recorder.claim([job_id])
            tools = replace(stand.tools, clock=lambda: tick(next(readings)))
            await Execution(claimed, tools, place).run()

    asyncio.run(run())


def test_a_worker_that_was_frozen_before_sending_does_not_call(rig: Rig) -> None:
    """Between the commit of its attempt and the call a minute passes, and its job is rescued: nothing is sent."""
    (job_id,) = rig.submit("Once is enough")

    def tick(number: int) -> float:
        if number == 1:
            assert bury(rig, "w1") == [job_id]
        return 60.0 * min(number, 1)

    execute(rig, job_id, tick)
    assert rig.calls() == 0
    assert (rig.job(job_id).state, rig.job(job_id).claim, rig.job(job_id).attempts) == ("queued", 1, 1)
    assert [(row.outcome, row.code) for row in rig.attempts(job_id)] == [("abandoned", "unsent")]


def test_a_worker_that_was_frozen_but_not_missed_goes_on(rig: Rig) -> None:
    """As long, but nobody took the job: the ledger says so, and the call is made, once."""
    (job_id,) = rig.submit("Take your time")
    execute(rig, job_id, lambda number: 60.0 * min(number, 1))
    assert (rig.job(job_id).state, rig.calls()) == ("succeeded", 1)


def begin_and_die(rig: Rig, job_id: str) -> None:
    """Let another worker begin a call and die."""
    register(rig.database, "w0", lease_until=NOW)
    hold = claim(rig.database, job_id, "w0")
    with writing(rig.database) as connection:
        ledger.begin(connection, [start(hold, "w0")])
    assert bury(rig, "w0") == [job_id]


@pytest.mark.parametrize(("died", "begun"), [(False, [None]), (True, ["lost"])])
def test_a_job_that_was_lost_once_is_begun_when_its_call_may_go_out(rig: Rig, died: bool, begun: list[str]) -> None:
    """Where admission is near a first call is begun while it waits for it: its loss says little, so it counts once."""
    (job_id,) = rig.submit("Perhaps I am to blame")
    if died:
        begin_and_die(rig, job_id)
    seen: list[list[str | None]] = []

    def granted() -> None:
        seen.append([row.outcome for row in rig.attempts(job_id)])

    execute(rig, job_id, lambda _: 0.0, replace(NOWHERE, soon=lambda: True, granted=granted))
    assert (seen, rig.calls()) == ([begun], 1)


def test_slow_commits_hold_up_a_call_and_do_not_stop_it(rig: Rig) -> None:
    """Each answer about the job is ten seconds old when it comes: its worker's lease, of 15 s, is good for longer."""
    (job_id,) = rig.submit("Slowly but surely")
    execute(rig, job_id, lambda number: 10.0 * ((number + 1) // 2))
    assert (rig.job(job_id).state, rig.calls()) == ("succeeded", 1)


def test_a_job_is_given_back_when_no_answer_about_it_comes_in_time(rig: Rig) -> None:
    """Each is older than the lease: after some the call is given up unsent, instead of being asked about for ever."""
    (job_id,) = rig.submit("Too slow")
    execute(rig, job_id, lambda number: 20.0 * ((number + 1) // 2))
    assert rig.calls() == 0
    assert (rig.job(job_id).state, rig.job(job_id).failures) == ("queued", 0)
    assert [(row.outcome, row.code) for row in rig.attempts(job_id)] == [("abandoned", "unsent")]


def test_an_answer_to_a_cancelled_job_is_kept(rig: Rig) -> None:
    """Cancelled just before the call is sent: the job stays cancelled, the paid answer is kept as superseded."""
    (job_id,) = rig.submit("Too late")

    def tick(number: int) -> float:
        if number == 1:
            cancel(rig, job_id)
        return 0.0

    execute(rig, job_id, tick)
    (attempt,) = rig.attempts(job_id)
    assert rig.job(job_id).state == "cancelled"
    assert attempt.outcome == "superseded"
    assert attempt.answer


def test_the_call_of_a_cancelled_job_is_broken_off(rig: Rig) -> None:
    """At the next heartbeat, not when it would have ended; the ledger says that it may be billed."""
    with running(rig) as engine:
        (job_id,) = rig.submit("Endless [[mmq:hang]]")
        eventually(rig.calls)
        cancel(rig, job_id)
        eventually(lambda: engine.in_hand == 0)
    (attempt,) = rig.attempts(job_id)
    assert (rig.job(job_id).state, attempt.outcome, attempt.code) == ("cancelled", "abandoned", "taken_away")
    assert "billed" in attempt.message


def test_a_cancelled_job_that_waits_for_its_next_try_is_put_down(rig: Rig) -> None:
    """It has no call to break off, and takes no place any more."""
    with running(rig) as engine:
        (job_id,) = rig.submit("Failing [[mmq:2064]]")
        eventually(lambda: len(rig.attempts(job_id)) == 3 and rig.attempts(job_id)[2].outcome)
        cancel(rig, job_id)
        eventually(lambda: engine.in_hand == 0)
    assert {row.outcome for row in rig.attempts(job_id)} == {"failed"}


def test_a_rescued_call_goes_on_until_its_job_is_answered(rig: Rig) -> None:
    """Taken for dead in mid-call: the call is paid for, so it may bring the answer, until another call has."""
    with running(rig) as engine:
        (job_id,) = rig.submit("Hangs at first [[mmq:hangx1]]")
        eventually(rig.calls)
        with writing(rig.database) as connection:
            pausing.pause(connection, pause.LANE, "default", utcnow())
        assert bury(rig, engine.worker_id) == [job_id]
        back = eventually(lambda: lease_until(rig, engine.worker_id))
        eventually(lambda: lease_until(rig, engine.worker_id) > back)
        assert (engine.in_hand, rig.attempts(job_id)[0].outcome) == (1, "lost")
        with writing(rig.database) as connection:
            pausing.resume(connection, pause.LANE, "default")
        assert rig.ended(job_id).state == "succeeded"
        eventually(lambda: engine.in_hand == 0)
    assert [(row.outcome, row.code) for row in rig.attempts(job_id)] == [
        ("abandoned", "taken_away"),
        ("succeeded", None),
    ]


def lease_until(rig: Rig, worker_id: str) -> Any:
    """When a worker's lease ends; None if it has none."""
    with reading(rig.database) as connection:
        rows = leases.alive(connection, clock.now(connection))
    return next((row.lease_until for row in rows if row.id == worker_id), None)
