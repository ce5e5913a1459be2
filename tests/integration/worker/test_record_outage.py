"""The recorder while its database is away: PostgreSQL stopped and started again, SQLite locked or full."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import Connection, Engine, event, text

from models.ledger import Finish
from models.session import open_database, writing
from models.state import Outcome
from models.transitions import Hold
from support.databases import PostgresqlServer
from support.jobs import NOW, new_job, queue, read, register
from support.recorders import answer, attempts, begun, hold_of, hurried, recording, spooled
from support.waiting import eventually
from worker.recording.record import Recorder
from worker.recording.spool import folder
from worker.running.endings import Succeeded

JOBS = 10
IDS = [f"job-{number}" for number in range(JOBS)]
MARK = "a-marked-answer"


def away_and_back(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged of the outage."""
    return [record.getMessage().partition(":")[0] for record in caplog.records if record.name == "worker.outage"]


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_postgresql_stopped_in_between_loses_nothing(
    postgresql_databases: PostgresqlServer,
    how: Literal["fast", "immediate"],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Ten calls are answered while it is away: their ends lie in the spool, and are recorded once when it is back."""
    database = open_database(postgresql_databases.migrated())
    register(database, "w1")
    queue(database, *[new_job(number) for number in range(JOBS)])

    async def run() -> None:
        async with recording(database, tmp_path) as recorder:
            rows = await recorder.claim(IDS)
            assert all(await asyncio.gather(*[recorder.begin(begun(row)) for row in rows]))
            await asyncio.to_thread(postgresql_databases.stop, how)
            try:
                ends = await ended_one_by_one(recorder, [hold_of(row) for row in rows], tmp_path)
            finally:
                await asyncio.to_thread(postgresql_databases.start)
            assert await asyncio.gather(*ends) == [True] * JOBS

    try:
        asyncio.run(run())
        jobs = [read(database, job_id) for job_id in IDS]
    finally:
        database.dispose()
    assert {(job.state, job.claim, job.attempts) for job in jobs} == {("succeeded", 1, 1)}
    assert [*folder(tmp_path).iterdir()] == []
    first, second = away_and_back(caplog)
    assert first == "database is away, waiting"
    assert second.startswith("database is back after")
    assert MARK not in caplog.text


async def ended_one_by_one(recorder: Recorder, holds: list[Hold], home: Path) -> list[asyncio.Task[bool]]:
    """Bring answers one after another, each when the one before is in the spool."""
    ends = []
    for number, hold in enumerate(holds, start=1):
        finish = Finish(hold.job_id, 1, NOW, Outcome.SUCCEEDED, answer=json.dumps(MARK))
        ends.append(asyncio.create_task(recorder.end(Succeeded(hold), finish)))
        await asyncio.to_thread(eventually, lambda number=number: len(spooled(home)) == number)
    assert not any(end.done() for end in ends)
    return ends


def test_an_ordinary_day_leaves_no_spool(queued: Engine, tmp_path: Path) -> None:
    """What is committed at once is written nowhere else."""

    async def run() -> None:
        async with recording(queued, tmp_path) as recorder:
            (row,) = await recorder.claim(["job-1"])
            await recorder.begin(begun(row))
            assert await recorder.end(Succeeded(hold_of(row)), answer("job-1"))

    asyncio.run(run())
    assert [*tmp_path.iterdir()] == []


@pytest.mark.usefixtures("patience")
def test_a_spool_that_cannot_be_written_is_told_of_once(
    sqlite: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its place is taken by a file: one line, the answers stay in memory, nothing is given up, all is recorded."""
    register(sqlite, "w1")
    queue(sqlite, *[new_job(number) for number in range(JOBS)])
    folder(tmp_path).touch()

    async def run() -> None:
        async with recording(hurried(sqlite), tmp_path) as recorder:
            rows = await recorder.claim(IDS[:2])
            await asyncio.gather(*[recorder.begin(begun(row)) for row in rows])
            recorder.give_up_after(0)
            with writing(sqlite):
                ends = [asyncio.create_task(recorder.end(Succeeded(hold_of(row)), answer(row.id))) for row in rows[:1]]
                await asyncio.to_thread(eventually, lambda: "they stay in memory" in caplog.text)
                ends += [asyncio.create_task(recorder.end(Succeeded(hold_of(row)), answer(row.id))) for row in rows[1:]]
                assert not await recorder.begin(begun(rows[0]))  # looked at after the second answer was
                assert not any(end.done() for end in ends)
            assert await asyncio.gather(*ends) == [True, True]

    asyncio.run(run())
    assert caplog.text.count("they stay in memory") == 1
    assert {read(sqlite, job_id).state for job_id in IDS[:2]} == {"succeeded"}


@pytest.mark.usefixtures("patience")
def test_a_full_disk_is_waited_for(sqlite: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """SQLite may grow no further: an answer waits in the spool, one clear line each way, until there is room."""
    register(sqlite, "w1")
    queue(sqlite, new_job(1))
    connections: list[sqlite3.Connection] = []
    event.listen(sqlite, "connect", lambda connection, _record: connections.append(connection))
    sqlite.dispose()
    long = "an answer that needs more room " * 10_000

    async def run() -> None:
        async with recording(sqlite, tmp_path) as recorder:
            (row,) = await recorder.claim(["job-1"])
            await recorder.begin(begun(row))
            limit_pages(connections, 1)
            end = asyncio.create_task(recorder.end(Succeeded(hold_of(row)), answer("job-1", long)))
            await asyncio.to_thread(eventually, lambda: spooled(tmp_path) == ["job-1"])
            assert not end.done()
            limit_pages(connections, 2**30)
            assert await end

    with caplog.at_level(logging.DEBUG):
        asyncio.run(run())
    assert [line.partition(" after")[0] for line in away_and_back(caplog)] == [
        "database is away, waiting",
        "database is back",
    ]
    assert "database or disk is full" in caplog.text
    assert attempts(sqlite, "job-1") == [(1, "succeeded", f"{long} to job-1")]


def limit_pages(connections: list[sqlite3.Connection], pages: int) -> None:
    """Let SQLite's file have so many pages at most; never fewer than it has."""
    for connection in connections:
        connection.execute(f"PRAGMA max_page_count = {pages}")


@pytest.mark.usefixtures("patience")
def test_a_demoted_server_is_left_for_its_successor(postgresql: Engine, tmp_path: Path) -> None:
    """The connection in use refuses to write from now on, as after a failover: the answer goes over a new one."""
    register(postgresql, "w1")
    queue(postgresql, new_job(1))

    async def run() -> None:
        async with recording(postgresql, tmp_path) as recorder:
            (row,) = await recorder.claim(["job-1"])
            await recorder.submit(demote)
            assert await recorder.begin(begun(row))
            await recorder.submit(demote)
            assert await recorder.end(Succeeded(hold_of(row)), answer("job-1"))

    asyncio.run(run())
    assert attempts(postgresql, "job-1") == [(1, "succeeded", "answer to job-1")]


def demote(connection: Connection) -> None:
    """Let a connection's transactions be read-only from the next one on, as a standby's are."""
    connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))


@pytest.mark.usefixtures("patience")
def test_a_cluster_that_is_read_only_for_a_while_is_waited_for(
    postgresql: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In mid-failover new connections are refused writing, too: one line each way, and the job is claimed."""
    register(postgresql, "w1")
    queue(postgresql, new_job(1))
    name = postgresql.url.database

    async def run() -> None:
        async with recording(postgresql, tmp_path) as recorder:
            with postgresql.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
                await recorder.submit(demote)
                claiming = asyncio.create_task(recorder.claim(["job-1"]))
                await asyncio.to_thread(eventually, lambda: "database is away" in caplog.text)
                connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
            (row,) = await claiming
            assert row.id == "job-1"

    asyncio.run(run())
    assert "in a read-only transaction" in caplog.text
    assert [line.partition(" after")[0] for line in away_and_back(caplog)] == [
        "database is away, waiting",
        "database is back",
    ]
