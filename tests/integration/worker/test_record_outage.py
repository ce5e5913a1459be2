"""The recorder while PostgreSQL is stopped and started again."""

from __future__ import annotations

import asyncio
import json
from typing import Literal

import pytest
from sqlalchemy import Engine

from models.ledger import Finish
from models.session import open_database
from models.state import Outcome
from models.transitions import Hold
from support.databases import PostgresqlServer
from support.jobs import NOW, new_job, queue, read, register, start
from support.waiting import eventually
from worker.recording.record import Recorder
from worker.running.endings import Succeeded

IDS = [f"job-{number}" for number in range(10)]
MARK = "a-marked-answer"


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_postgresql_stopped_in_between_loses_nothing(
    postgresql_databases: PostgresqlServer, how: Literal["fast", "immediate"], caplog: pytest.LogCaptureFixture
) -> None:
    """Ten calls are answered while it is away: their ends wait, and are recorded once when it is back."""
    database = open_database(postgresql_databases.migrated())
    register(database, "w1")
    queue(database, *[new_job(number) for number in range(len(IDS))])
    try:
        asyncio.run(through_an_outage(database, postgresql_databases, how, caplog))
        jobs = [read(database, job_id) for job_id in IDS]
    finally:
        database.dispose()
    assert {(job.state, job.claim, job.attempts) for job in jobs} == {("succeeded", 1, 1)}
    lines = [record.getMessage() for record in caplog.records if record.name == "worker.outage"]
    assert ["database is away" in line for line in lines] == [True, False]
    assert "database is back" in lines[1]
    assert MARK not in caplog.text


async def through_an_outage(
    database: Engine, server: PostgresqlServer, how: Literal["fast", "immediate"], caplog: pytest.LogCaptureFixture
) -> None:
    """Claim and begin, stop the server, bring the answers, start it, and wait until they are recorded."""
    recorder = Recorder(database, "w1")
    recording = asyncio.create_task(recorder.run())
    rows = await recorder.claim(IDS)
    assert all(await asyncio.gather(*[recorder.begin(start(Hold(row.id, row.claim, 0, 0))) for row in rows]))
    await asyncio.to_thread(server.stop, how)
    try:
        ends = [
            asyncio.create_task(
                recorder.end(
                    Succeeded(Hold(row.id, row.claim, 1, 0)),
                    Finish(row.id, 1, NOW, Outcome.SUCCEEDED, answer=json.dumps(MARK)),
                )
            )
            for row in rows
        ]
        await asyncio.to_thread(eventually, lambda: "database is away" in caplog.text)
        assert not any(end.done() for end in ends)
    finally:
        await asyncio.to_thread(server.start)
    assert await asyncio.gather(*ends) == [True] * len(IDS)
    recording.cancel()
    await asyncio.wait([recording])
    recorder.close()
