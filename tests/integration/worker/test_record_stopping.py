"""The recorder when its worker stops: how long it waits for a database, and what it leaves to a successor."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.session import writing
from models.state import Edge
from support.jobs import new_job, queue, read, register
from support.recorders import answer, begun, hold_of, hurried, recording, spooled
from support.waiting import eventually
from worker.recording.record import Recorder
from worker.recording.spool import folder
from worker.running.endings import HandedBack, Succeeded

JOBS = 10
IDS = [f"job-{number}" for number in range(JOBS)]


@pytest.mark.usefixtures("patience")
def test_a_recorder_told_to_give_up_leaves_its_endings_in_the_spool(
    sqlite: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite stays locked: an answer and a job handed back are kept, nothing else is done, and nobody waits."""
    register(sqlite, "w1")
    queue(sqlite, *[new_job(number) for number in range(JOBS)])

    async def run() -> None:
        async with recording(hurried(sqlite), tmp_path) as recorder:
            first, second, third = await recorder.claim(IDS[:3])
            await asyncio.gather(*[recorder.begin(begun(row)) for row in (first, second)])
            with writing(sqlite):
                waiting = [
                    recorder.end(Succeeded(hold_of(first)), answer(first.id)),
                    recorder.end(HandedBack(hold_of(second), Edge.RELEASE)),
                    recorder.begin(begun(third)),
                    recorder.claim(["job-5"]),
                    recorder.submit(lambda _connection: None),
                ]
                tasks = [asyncio.create_task(entry) for entry in waiting]
                recorder.give_up_after(0.1)
                *told, cancelled = await asyncio.gather(*tasks, return_exceptions=True)
                assert told == [False, False, False, ()]
                assert isinstance(cancelled, asyncio.CancelledError)
                assert not await recorder.end(HandedBack(hold_of(third), Edge.RELEASE))  # and who comes later
                assert sorted(spooled(tmp_path)) == sorted([first.id, second.id, third.id])
                await end_within(recorder)

    async def end_within(recorder: Recorder) -> None:
        await asyncio.to_thread(recorder.close)

    asyncio.run(run())
    assert read(sqlite, "job-5").state == "queued"
    assert f"left 3 endings in {tmp_path}" in caplog.text


@pytest.mark.usefixtures("patience")
def test_a_database_that_comes_back_is_used_although_given_up(sqlite: Engine, tmp_path: Path) -> None:
    """What was left in the spool is recorded after all, and removed; a claim that was given up is not made."""
    register(sqlite, "w1")
    queue(sqlite, *[new_job(number) for number in range(JOBS)])

    async def run() -> None:
        async with recording(hurried(sqlite), tmp_path) as recorder:
            (row,) = await recorder.claim(["job-1"])
            await recorder.begin(begun(row))
            with writing(sqlite):
                end = asyncio.create_task(recorder.end(Succeeded(hold_of(row)), answer(row.id)))
                claiming = asyncio.create_task(recorder.claim(["job-2"]))
                recorder.give_up_after(0)
                assert not await end
                assert not await claiming
            await asyncio.to_thread(eventually, lambda: not [*folder(tmp_path).iterdir()])

    asyncio.run(run())
    assert (read(sqlite, "job-1").state, read(sqlite, "job-2").state) == ("succeeded", "queued")


class Leaping(asyncio.SelectorEventLoop):
    """A loop whose clock can be put forward."""

    leap_s = 0.0

    def time(self) -> float:
        return super().time() + self.leap_s


@pytest.mark.usefixtures("patience")
def test_a_slow_commit_late_in_a_stop_is_waited_for(sqlite: Engine, tmp_path: Path) -> None:
    """The patience is that for each commit: an hour into a stop one may take its seconds as well."""
    register(sqlite, "w1")
    queue(sqlite, *[new_job(number) for number in range(JOBS)])
    loop = Leaping()

    async def run() -> None:
        async with recording(hurried(sqlite), tmp_path) as recorder:
            (row,) = await recorder.claim(["job-1"])
            await recorder.begin(begun(row))
            recorder.give_up_after(60)
            loop.leap_s = 3600
            with writing(sqlite):
                end = asyncio.create_task(recorder.end(Succeeded(hold_of(row)), answer(row.id)))
                leaving = asyncio.create_task(recorder.submit(lambda _connection: "left"))
                await asyncio.to_thread(eventually, lambda: spooled(tmp_path))  # it has looked at what takes so long
                assert not leaving.done()
            assert (await end, await leaving) == (True, "left")

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(run())
