"""What the recorder makes of things that come twice or late: lost acknowledgements, answers after a rescue."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from models import ledger, queries, transitions
from models.job import Job
from models.session import reading, writing
from models.state import Edge, Outcome
from models.transitions import Failure, Hold
from support.jobs import NOW, claim, finish, move, read, start
from support.recorders import answer, attempts, begun, hold_of, recorded, unacknowledged
from worker.recording.record import Recorder
from worker.running.endings import Failed, HandedBack, Succeeded


@pytest.mark.usefixtures("patience")
def test_a_claim_whose_acknowledgement_was_lost_is_ours_once(queued: Engine) -> None:
    """Repeated, it gives the same jobs under the same fencing number, and those of nobody else."""
    claim(queued, "job-2", "w2")

    async def test(recorder: Recorder) -> None:
        with unacknowledged(queued):
            rows = await recorder.claim(["job-1", "job-2", "job-3"])
        assert sorted((row.id, row.claim) for row in rows) == [("job-1", 1), ("job-3", 1)]

    recorded(queued, test)
    assert [read(queued, f"job-{n}").worker_id for n in (1, 2, 3)] == ["w1", "w2", "w1"]


@pytest.mark.usefixtures("patience")
def test_a_job_in_hand_is_not_given_again_by_a_repeated_claim(queued: Engine) -> None:
    """A doubled message names it; run twice under one claim, it would be paid twice and the ledger show one call."""

    async def test(recorder: Recorder) -> None:
        assert len(await recorder.claim(["job-1"])) == 1
        with unacknowledged(queued):
            rows = await recorder.claim(["job-1", "job-2"])
        assert [row.id for row in rows] == ["job-2"]

    recorded(queued, test)


@pytest.mark.usefixtures("patience")
def test_a_begin_whose_acknowledgement_was_lost_is_one_attempt(queued: Engine) -> None:
    """Repeated, it still says that the call may go out, and the ledger has it once."""

    async def test(recorder: Recorder) -> None:
        (row,) = await recorder.claim(["job-1"])
        with unacknowledged(queued):
            assert await recorder.begin(begun(row))

    recorded(queued, test)
    assert attempts(queued, "job-1") == [(1, None, None)]


@pytest.mark.usefixtures("patience")
def test_a_begin_whose_job_is_withdrawn_before_it_is_repeated_is_closed(queued: Engine) -> None:
    """The first try wrote the attempt, the second says no: without a call nobody else would ever end it."""

    def cancel() -> None:
        with writing(queued) as connection:
            transitions.cancel(connection, Job.id == "job-1", NOW)

    async def test(recorder: Recorder) -> None:
        one, other = await recorder.claim(["job-1", "job-2"])
        with unacknowledged(queued, cancel):
            both = await asyncio.gather(recorder.begin(begun(one)), recorder.begin(begun(other)))
        assert both == [False, True]

    recorded(queued, test)
    with reading(queued) as connection:
        (attempt,) = queries.attempts(connection, "job-1")
    assert (attempt.outcome, attempt.code) == ("abandoned", "unsent")
    assert attempts(queued, "job-2") == [(1, None, None)]


@pytest.mark.usefixtures("patience")
def test_an_answer_whose_acknowledgement_was_lost_is_kept_and_told(queued: Engine) -> None:
    """Repeated, it neither overwrites the answer nor says that the job was taken away."""

    async def test(recorder: Recorder) -> None:
        (row,) = await recorder.claim(["job-1"])
        await recorder.begin(begun(row))
        with unacknowledged(queued):
            assert await recorder.end(Succeeded(hold_of(row)), answer("job-1"))

    recorded(queued, test)
    assert read(queued).state == "succeeded"
    assert attempts(queued, "job-1") == [(1, "succeeded", "answer to job-1")]


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize(("edge", "state"), [(Edge.RETRY, "queued"), (None, "failed")])
def test_another_ending_whose_acknowledgement_was_lost_moves_once(
    queued: Engine, edge: Edge | None, state: str
) -> None:
    """A failure or a hand-back repeated changes nothing more."""

    async def test(recorder: Recorder) -> None:
        (row,) = await recorder.claim(["job-1"])
        await recorder.begin(begun(row))
        hold = Hold("job-1", row.claim, 1, 1)
        ending = HandedBack(hold, edge) if edge else Failed(hold, Failure("1026", "refused", "change it"))
        with unacknowledged(queued):
            await recorder.end(ending, finish(hold, Outcome.FAILED, 1, code="1026"))

    recorded(queued, test)
    job = read(queued)
    assert (job.state, job.claim, job.attempts, job.failures) == (state, 1, 1, 1)
    assert [(number, outcome) for number, outcome, _ in attempts(queued, "job-1")] == [(1, "failed")]


def test_an_answer_is_never_overwritten(queued: Engine) -> None:
    """Whatever else comes for a job that is answered, by a repetition or a second answer, the first stays."""

    async def test(recorder: Recorder) -> None:
        (row,) = await recorder.claim(["job-1"])
        await recorder.begin(begun(row))
        hold = hold_of(row)
        assert await recorder.end(Succeeded(hold), answer("job-1", "first"))
        assert not await recorder.end(Succeeded(hold), answer("job-1", "second"))
        assert not await recorder.end(Failed(hold, Failure("x", "y", "z")), finish(hold, Outcome.FAILED, 1))
        assert not await recorder.end(HandedBack(hold, Edge.RELEASE), finish(hold, Outcome.ABANDONED, 1))
        assert not await recorder.begin(start(hold, number=2))

    recorded(queued, test)
    assert read(queued).state == "succeeded"
    assert attempts(queued, "job-1") == [(1, "succeeded", "first to job-1")]


def late(database: Engine) -> Hold:
    """A call of `w1` that is under way while its job is rescued."""
    hold = claim(database)
    with writing(database) as connection:
        ledger.begin(connection, [start(hold)])
        assert move(connection, Edge.RESCUE, hold)
    return Hold("job-1", hold.claim, 1, 0)


def test_a_late_answer_is_adopted(queued: Engine) -> None:
    """The job was rescued and nobody has answered it since: the paid answer becomes its answer."""
    hold = late(queued)

    async def test(recorder: Recorder) -> None:
        assert await recorder.end(Succeeded(hold), answer("job-1"))

    recorded(queued, test)
    assert (read(queued).state, attempts(queued, "job-1")[0][1]) == ("succeeded", "succeeded")


def test_a_late_answer_after_another_is_superseded(queued: Engine) -> None:
    """Somebody answered the rescued job first: both answers are kept, one is the job's."""
    hold = late(queued)

    async def test(recorder: Recorder) -> None:
        (row,) = await recorder.claim(["job-1"])
        second = Hold("job-1", row.claim, 2, 0)
        await recorder.begin(start(second, number=2))
        first = recorder.end(Succeeded(second), replace(answer("job-1", "second"), number=2))
        assert await first
        assert not await recorder.end(Succeeded(hold), answer("job-1", "late"))

    recorded(queued, test)
    assert attempts(queued, "job-1") == [
        (1, "superseded", "late to job-1"),
        (2, "succeeded", "second to job-1"),
    ]


def test_two_answers_of_one_job_in_one_group_are_one_answer(queued: Engine) -> None:
    """A worker that was frozen, and claimed its own rescued job anew, brings both answers at the same moment."""
    hold = late(queued)

    async def test(recorder: Recorder) -> None:
        (row,) = await recorder.claim(["job-1"])
        second = Hold("job-1", row.claim, 2, 0)
        await recorder.begin(start(second, number=2))
        ends = [(hold, answer("job-1")), (second, replace(answer("job-1"), number=2))]
        won = await asyncio.gather(*[recorder.end(Succeeded(mine), end) for mine, end in ends])
        assert sorted(won) == [False, True]

    recorded(queued, test)
    assert sorted(str(outcome) for _, outcome, _ in attempts(queued, "job-1")) == ["succeeded", "superseded"]
