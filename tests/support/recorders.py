"""A recorder for tests, and what is written by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from models import queries
from models.ledger import Finish, Start
from models.session import reading
from models.state import Outcome
from models.transitions import Hold
from support.jobs import NOW, start
from worker.recording import notation
from worker.recording.record import Recorder
from worker.recording.spool import HEADER, folder

JOBS = 20
IDS = [f"job-{number}" for number in range(JOBS)]


@asynccontextmanager
async def recording(database: Engine, home: Path, worker_id: str = "w1") -> AsyncIterator[Recorder]:
    """A recorder that runs for the time of a block."""
    recorder = Recorder(database, worker_id, home)
    running = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        running.cancel()
        await asyncio.wait([running])
        recorder.close()


def recorded(database: Engine, test: Callable[[Recorder], Awaitable[None]]) -> None:
    """Run a test with a recorder of worker `w1`, to which nothing happens that it would spool."""

    async def run(home: Path) -> None:
        async with recording(database, home) as recorder:
            await test(recorder)

    with TemporaryDirectory() as home:
        asyncio.run(run(Path(home)))


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
def unacknowledged(database: Engine, meanwhile: Callable[[], object] = lambda: None) -> Iterator[list[str]]:
    """Let the first commit take effect, but its acknowledgement be lost, as when the network breaks.

    What happens `meanwhile` does so before the commit can be tried again.
    """
    lost: list[str] = []
    dialect: Any = database.dialect
    commit = dialect.do_commit

    def do_commit(connection: Any) -> None:
        commit(connection)
        if not lost:
            lost.append("acknowledgement")
            meanwhile()
            raise OperationalError("COMMIT", {}, ConnectionError("the connection broke"))

    dialect.do_commit = do_commit
    yield lost
    dialect.do_commit = commit
    assert lost


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


def hurried(sqlite: Engine) -> Engine:
    """SQLite whose writers give up at once when another one writes."""

    @event.listens_for(sqlite, "connect")
    def hurry(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 1")

    sqlite.dispose()  # so that all connections hurry
    return sqlite


def spooled(home: Path) -> list[str]:
    """The ids of the jobs whose endings lie in the only spool of a home, in order; none if there is no spool."""
    lines = [line for path in folder(home).glob("*") for line in path.read_bytes().splitlines(keepends=True)]
    # The last one may be half written as yet.
    return [notation.read(line)[0].hold.job_id for line in lines if line != HEADER and line.endswith(b"\n")]
