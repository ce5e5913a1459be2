"""The recorder on both databases: grouped commits, refused entries, and locks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from models.ledger import Finish
from models.session import writing
from models.state import Outcome
from models.transitions import Failure
from support.jobs import NOW, new_job, queue, read, register
from support.recorders import IDS, JOBS, answer, attempts, begun, commits, hold_of, recorded
from support.waiting import eventually
from worker import outage
from worker.recording.record import Recorder
from worker.running.endings import Failed, Held, Succeeded


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
        rows = sorted(await recorder.claim(IDS[:3]), key=lambda row: row.id)  # no order is promised
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


def test_a_stopped_recorder_says_so(queued: Engine, tmp_path: Path) -> None:
    """Who still waits when it stops is cancelled, who comes later is told; nobody waits for ever."""

    async def run() -> None:
        recorder = Recorder(queued, "w1", tmp_path)
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
