"""Writing what happens to jobs: claims, attempts and endings, many to a transaction.

Everything that the executions of one process want written at about the same time goes out in one commit, by one thread
over one connection: while a commit is under way the next group collects. Under load a job's share of a transaction is
small; an idle worker writes at once. Nothing is sent to MiniMax, and nobody is told of an answer, before its row is
committed.

A database that is away is waited for: the group is tried again until it is back, and the executions wait with it. A
commit whose acknowledgement was lost is tried again too, so every statement here tells "done already" from "lost".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from models import ledger, queries, transitions
from models.ledger import Finish, Start
from models.session import writing
from models.state import Outcome
from models.table import Row, utcnow
from worker import outage
from worker.running.endings import Ending, Succeeded


@dataclass(slots=True)
class _Entry:
    """Something to write, and who waits for it."""

    kind: str
    content: Any
    written: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Recorder:
    """Writes for one worker process. All methods return when what they were given is committed."""

    def __init__(self, database: Engine, worker_id: str) -> None:
        self.database = database
        self.worker_id = worker_id
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="record")
        self._pending: list[_Entry] = []
        self._wake = asyncio.Event()
        self._closed = False

    async def claim(self, ids: Sequence[str]) -> Sequence[Row]:
        """Take those of the jobs that are free; return their rows (`models.transitions.CLAIMED`)."""
        # One moment for all tries: by it a repetition tells what its first try took from what was in hand before.
        rows: Sequence[Row] = await self._write("claim", (ids, utcnow()))
        return rows

    async def begin(self, start: Start) -> bool:
        """Write that a call is about to go out. False: the job is no longer ours, and must not be sent."""
        held: bool = await self._write("begin", start)
        return held

    async def end(self, ending: Ending, finish: Finish | None = None) -> bool:
        """Write how a call ended, and what becomes of its job. False: the job was no longer ours."""
        moved: bool = await self._write("end", (ending, finish))
        return moved

    async def submit(self, statement: Callable[[Connection], Any]) -> Any:
        """Run another statement in the next group, such as a heartbeat. It must be harmless when repeated."""
        return await self._write("other", statement)

    async def run(self) -> None:
        """Commit group after group, until cancelled."""
        loop = asyncio.get_running_loop()
        group: list[_Entry] = []
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                group, self._pending = self._pending, []
                results = await loop.run_in_executor(self._thread, self._commit_patiently, group)
                for entry, result in zip(group, results, strict=True):
                    if isinstance(result, Exception):
                        entry.written.set_exception(result)
                    else:
                        entry.written.set_result(result)
        finally:
            # Nobody may wait for a commit that will not come.
            self._closed = True
            for entry in (*group, *self._pending):
                if not entry.written.done():
                    entry.written.cancel()

    def close(self) -> None:
        """Let the writing thread end."""
        self._thread.shutdown(wait=True)

    async def _write(self, kind: str, content: Any) -> Any:
        if self._closed:
            raise RuntimeError("the recorder has stopped")
        entry = _Entry(kind, content)
        self._pending.append(entry)
        self._wake.set()
        # A caller that is cancelled does not take back what it asked to write.
        return await asyncio.shield(entry.written)

    def _commit_patiently(self, group: Sequence[_Entry]) -> list[Any]:
        try:
            return outage.outlast("database", lambda again: self._commit(group, again=again))
        except Exception as exc:
            if len(group) == 1:
                return [exc]
            # One entry that the database or its driver refuses must not take the others down with it.
            return [result for entry in group for result in self._commit_patiently([entry])]

    def _commit(self, group: Sequence[_Entry], *, again: bool) -> list[Any]:
        with writing(self.database) as connection:
            results: dict[int, Any] = {}
            self._write_endings(connection, [entry for entry in group if entry.kind == "end"], results, again=again)
            self._write_starts(connection, [entry for entry in group if entry.kind == "begin"], results)
            self._write_claims(connection, [entry for entry in group if entry.kind == "claim"], results, again=again)
            for entry in group:
                if entry.kind == "other":
                    results[id(entry)] = entry.content(connection)
        return [results[id(entry)] for entry in group]

    def _write_endings(
        self, connection: Connection, entries: Sequence[_Entry], results: dict[int, Any], *, again: bool
    ) -> None:
        now = utcnow()
        answered = [entry.content[0].hold for entry in entries if isinstance(entry.content[0], Succeeded)]
        moved = transitions.succeed(connection, answered, now) if answered else set()
        finishes = []
        for entry in sorted(entries, key=lambda entry: entry.content[0].hold.job_id):
            ending, finish = entry.content
            if isinstance(ending, Succeeded):
                won = ending.hold.job_id in moved or transitions.adopt(connection, ending.hold, now)
                won = won or (again and finish is not None and _is_the_answer(connection, finish))
                if not won and finish is not None:
                    finish = replace(finish, outcome=Outcome.SUPERSEDED)
            else:
                won = ending.write(connection, now)
            if finish is not None:
                finishes.append(finish)
            results[id(entry)] = won
        ledger.close(connection, finishes)

    def _write_starts(self, connection: Connection, entries: Sequence[_Entry], results: dict[int, Any]) -> None:
        if entries:
            held = ledger.begin(connection, [entry.content for entry in entries])
            for entry in entries:
                results[id(entry)] = entry.content.job_id in held

    def _write_claims(
        self, connection: Connection, entries: Sequence[_Entry], results: dict[int, Any], *, again: bool
    ) -> None:
        for entry in entries:
            ids, moment = entry.content
            rows = list(transitions.claim(connection, ids, self.worker_id, moment))
            if again:  # the first try may have been committed, only its answer lost
                taken = {row.id for row in rows}
                mine = transitions.held_by(connection, ids, self.worker_id)
                rows += [row for row in mine if row.id not in taken and _claimed_at(connection, row.id) == moment]
            results[id(entry)] = rows


def _claimed_at(connection: Connection, job_id: str) -> datetime | None:
    job = queries.job(connection, job_id)
    return job.claimed_at if job is not None else None


def _is_the_answer(connection: Connection, finish: Finish) -> bool:
    """Return whether a first try, whose acknowledgement was lost, has recorded this attempt as the job's answer."""
    rows = queries.attempts(connection, finish.job_id)
    return any(row.number == finish.number and row.outcome == Outcome.SUCCEEDED for row in rows)
