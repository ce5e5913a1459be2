"""An answer that the database refuses for good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from models.session import writing
from support.jobs import new_job, queue, register
from support.recorders import answer, begun, hold_of, recording
from worker.recording import notation
from worker.recording.spool import folder
from worker.running.endings import Succeeded


def test_an_answer_that_the_database_refuses_stays_on_disk(sqlite: Engine, tmp_path: Path) -> None:
    """It is paid for; whoever told the database to refuse it may think again."""
    register(sqlite, "w1")
    queue(sqlite, new_job(1))

    async def run() -> None:
        async with recording(sqlite, tmp_path) as recorder:
            (row,) = await recorder.claim(["job-1"])
            await recorder.begin(begun(row))
            with writing(sqlite) as connection:
                refuse = "CREATE TRIGGER no BEFORE UPDATE ON attempts BEGIN SELECT RAISE(ABORT, 'refused'); END"
                connection.execute(text(refuse))
            with pytest.raises(IntegrityError):
                await recorder.end(Succeeded(hold_of(row)), answer(row.id))

    asyncio.run(run())
    (spool,) = folder(tmp_path).iterdir()
    _, line = spool.read_bytes().splitlines(keepends=True)
    ending, _ = notation.read(line)
    assert ending.hold.job_id == "job-1"
