"""The recorder on both databases: grouped commits, refused entries, lost acknowledgements, locks and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from models import ledger, queries
from models.ledger import Finish, Start
from models.session import reading, writing
from models.state import Edge, Outcome
from models.transitions import Failure, Hold
from support.jobs import NOW, claim, finish, move, new_job, queue, read, register, start
from support.waiting import eventually
from worker import outage
from worker.endings import Failed, HandedBack, Held, Succeeded
from worker.record import Recorder

JOBS = 20
IDS = [f"job-{number}" for number in range(JOBS)]


def recorded(database: Engine, test: Callable[[Recorder], Awaitable[None]]) -> None:
    """Run a test with a recorder of worker `w1`."""

    async def run() -> None:
        recorder = Recorder(database, "w1")
        recording = asyncio.create_task(recorder.run())
        await test(recorder)
        recording.cancel()
        await asyncio.wait([recording])
        recorder.close()

    asyncio.run(run())


@contextmanager
def commits(database: Engine) -> Iterator[list[None]]:
    """Count the commits of a block."""
    seen: list[None] = []

    def note(_connection: Any) -> None:
        seen.append(None)

    event.listen(database, "commit", note)
    yield seen
    event.remove(database, "commit", note)


@contextmanager
def unacknowledged(database: Engine) -> Iterator[list[str]]:
    """Let the first commit take effect, but its acknowledgement be lost, as when the network breaks."""
    lost: list[str] = []
    dialect: Any = database.dialect
    commit = dialect.do_commit

    def do_commit(connection: Any) -> None:
        commit(connection)
        if not lost:
            lost.append("acknowledgement")
            raise OperationalError("COMMIT", {}, ConnectionError("the connection broke"))

    dialect.do_commit = do_commit
    yield lost
    dialect.do_commit = commit
    assert lost


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that are over at once."""
    monkeypatch.setattr(outage, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(outage, "LONGEST_WAIT_S", 0.01)


@pytest.fixture
def queued(database: Engine) -> Engine:
    """A database with a worker and queued jobs."""
    register(database, "w1", "w2")
    queue(database, *[new_job(number) for number in range(JOBS)])
    return database


def attempts(database: Engine, job_id: str) -> list[tuple[int, str | None, str | None]]:
    """Number, outcome and answer of a job's attempts."""
    with reading(database) as connection:
        return [(row.number, row.outcome, row.answer) for row in queries.attempts(connection, job_id)]


def hold_of(row: Any) -> Hold:
    """The hold of a job whose first call has begun."""
    return Hold(row.id, row.claim, 1, 0)


def begun(row: Any) -> Start:
    """The first call of a claimed job."""
    return start(Hold(row.id, row.claim, 0, 0))


def answer(job_id: str, text: str = "answer") -> Finish:
    """The end of a first call that was answered."""
    return Finish(job_id, 1, NOW, Outcome.SUCCEEDED, answer=f"{text} to {job_id}")


def test_many_jobs_share_a_commit(queued: Engine) -> None:
    """Twenty claims, begins and ends at a time: the first may go alone, the rest together."""

    async def test(recorder: Recorder) -> None:
        with commits(queued) as seen:
            rows = [row for got in await asyncio.gather(*[recorder.claim([i]) for i in IDS]) for row in got]
            assert len(rows) == JOBS
            assert await asyncio.gather(*[recorder.begin(begun(row)) for row in rows]) == [True] * JOBS
            ends = [recorder.end(Succeeded(hold_of(row)), answer(row.id)) for row in rows]
            assert await asyncio.gather(*ends) == [True] * JOBS
        assert len(seen) <= 6

    recorded(queued, test)
    assert {read(queued, job_id).state for job_id in IDS} == {"succeeded"}
    assert [attempts(queued, job_id) for job_id in IDS] == [[(1, "succeeded", f"answer to {i}")] for i in IDS]


@pytest.mark.parametrize("bad", [{"prompt_tokens": 10**30}, {"answer": None}, {"message": "\ud800"}])
def test_a_refused_entry_takes_no_other_down(queued: Engine, bad: dict[str, Any]) -> None:
    """A number beyond any column, a broken rule, text that no driver encodes: its writer hears of it, nobody else."""

    async def test(recorder: Recorder) -> None:
        rows = await recorder.claim(IDS[:3])
        await asyncio.gather(*[recorder.begin(begun(row)) for row in rows])
        ends = [answer(row.id) for row in rows]
        ends[1] = replace(ends[1], **bad)
        results = await asyncio.gather(
            *[recorder.end(Succeeded(hold_of(row)), end) for row, end in zip(rows, ends, strict=True)],
            return_exceptions=True,
        )
        assert [type(result) is bool for result in results] == [True, False, True]
        assert isinstance(results[1], Exception)
        assert not outage.is_outage(results[1])
        assert await recorder.end(Failed(hold_of(rows[1]), Failure("x", "y", "z")))  # it goes on

    recorded(queued, test)
    assert [read(queued, job_id).state for job_id in IDS[:3]] == ["succeeded", "failed", "succeeded"]


def test_an_overlong_value_takes_no_other_down(postgresql: Engine) -> None:
    """PostgreSQL refuses a code of 100 characters: the other call of the group is recorded."""
    register(postgresql, "w1")
    queue(postgresql, new_job(1), new_job(2))

    async def test(recorder: Recorder) -> None:
        rows = await recorder.claim(["job-1", "job-2"])
        await asyncio.gather(*[recorder.begin(begun(row)) for row in rows])
        codes = {"job-1": "x" * 100, "job-2": "1000"}
        ends = [Finish(row.id, 1, NOW, Outcome.FAILED, code=codes[row.id]) for row in rows]
        results = await asyncio.gather(
            *[recorder.end(Held(hold_of(row)), end) for row, end in zip(rows, ends, strict=True)],
            return_exceptions=True,
        )
        assert {row.id: isinstance(r, DBAPIError) for row, r in zip(rows, results, strict=True)} == {
            "job-1": True,
            "job-2": False,
        }

    recorded(postgresql, test)
    assert [attempts(postgresql, job_id)[0][1] for job_id in ("job-1", "job-2")] == [None, "failed"]


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
def test_a_begin_whose_acknowledgement_was_lost_is_one_attempt(queued: Engine) -> None:
    """Repeated, it still says that the call may go out, and the ledger has it once."""

    async def test(recorder: Recorder) -> None:
        (row,) = await recorder.claim(["job-1"])
        with unacknowledged(queued):
            assert await recorder.begin(begun(row))

    recorded(queued, test)
    assert attempts(queued, "job-1") == [(1, None, None)]


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


def test_a_lock_of_another_writer_is_waited_for(
    sqlite: Engine, patience: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody holds SQLite's write lock beyond the driver's patience: the claim comes when it is free."""
    register(sqlite, "w1")
    queue(sqlite, new_job(1))

    @event.listens_for(sqlite, "connect")
    def hurry(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 1")

    sqlite.dispose()  # so that all connections hurry

    async def test(recorder: Recorder) -> None:
        with writing(sqlite):
            claiming = asyncio.create_task(recorder.claim(["job-1"]))
            await asyncio.to_thread(eventually, lambda: "database is away" in caplog.text)
            assert not claiming.done()
        (row,) = await claiming
        assert row.id == "job-1"

    recorded(sqlite, test)
    assert "database is back" in caplog.text


def test_a_stopped_recorder_says_so(queued: Engine) -> None:
    """Who still waits when it stops is cancelled, who comes later is told; nobody waits for ever."""

    async def run() -> None:
        recorder = Recorder(queued, "w1")
        recording = asyncio.create_task(recorder.run())
        waiting = asyncio.create_task(recorder.claim(["job-1"]))
        await asyncio.wait([waiting])
        pending = asyncio.create_task(recorder.claim(["job-2"]))
        recording.cancel()
        await asyncio.wait([recording, pending])
        assert pending.cancelled()
        with pytest.raises(RuntimeError, match="stopped"):
            await recorder.claim(["job-3"])
        recorder.close()

    asyncio.run(run())
