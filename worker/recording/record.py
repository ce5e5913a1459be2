"""Writing what happens to jobs: claims, attempts and endings, many to a transaction.

Everything that the executions of one process want written at about the same time goes out in one commit, by one thread
over one connection: while a commit is under way the next group collects. Under load a job's share of a transaction is
small; an idle worker writes at once. Nothing is sent to MiniMax, and nobody is told of an answer, before its row is
committed.

A database that is away is waited for: the group is tried again until it is back, and the executions wait with it. A
commit whose acknowledgement was lost is tried again too, so every entry tells "done already" from "lost". Meanwhile
endings, above all answers, which are paid, lie in the spool as well: should this process die, a successor records them.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from models.ledger import Finish, Start
from models.session import writing
from models.table import Row
from worker import outage
from worker.recording.end import End
from worker.recording.entries import Begin, Claim, Entry, Statement
from worker.recording.safekeeping import Safekeeping
from worker.recording.spool import Spool
from worker.running.endings import Ending

T = TypeVar("T")

#: In this order a group is written: a heartbeat goes last, and a claim finds what was just handed back.
KINDS: tuple[type[Entry[Any]], ...] = (End, Begin, Claim, Statement)
GATHER_S = 0.01  # from one commit to the next under load: more share one, and what waits for none is not held up
SAFE_AFTER_S = 0.5  # a commit that takes longer has met an outage, a lock or a full disk
TRY_AGAIN_S = 5.0  # to put into the spool what it did not take


class Recorder:
    """Writes for one worker process. All methods return when what they were given is committed."""

    def __init__(self, database: Engine, worker_id: str, home: Path) -> None:
        """Touch nothing yet. Endings that have to wait are kept under `home`."""
        self.database = database
        self.worker_id = worker_id
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="record")
        self._safekeeping = Safekeeping(Spool(home, worker_id))
        self._pending: list[Entry[Any]] = []
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._stopped = False
        self._patience: tuple[float, float] | None = None  # since when it is bounded, by the loop's clock, and to what
        self._closing = threading.Event()

    async def claim(self, ids: Sequence[str], *, urgent: bool = False) -> Sequence[Row]:
        """Take those of the jobs that are free; return their rows (`models.transitions.CLAIMED`).

        What is `urgent` does not wait for others to share its commit.
        """
        return await self._write(Claim(ids, self.worker_id), urgent=urgent)

    async def begin(self, start: Start, *, urgent: bool = False) -> bool:
        """Write that a call is about to go out. False: the job is no longer ours, and must not be sent."""
        return await self._write(Begin(start), urgent=urgent)

    async def end(self, ending: Ending, finish: Finish | None = None) -> bool:
        """Write how a call ended, and what becomes of its job. False: the job was no longer ours."""
        return await self._write(End(ending, finish))

    async def submit(self, statement: Callable[[Connection], Any]) -> Any:
        """Run another statement in the next group, such as a heartbeat. It must be harmless when repeated."""
        return await self._write(Statement(statement))

    def give_up_after(self, seconds: float) -> None:
        """Wait no longer than that for a commit from now on: call it when a stop begins, in which a database is away.

        Endings are then left in the spool, for a successor, and told to be no longer ours, as are claims and calls
        about to go out. Other statements are cancelled. What the spool does not take is still waited for.
        """
        self._patience = asyncio.get_running_loop().time(), seconds
        self._wake.set()

    async def run(self) -> None:
        """Commit group after group, until cancelled."""
        group: list[Entry[Any]] = []
        loop = asyncio.get_running_loop()
        began = 0.0
        try:
            while True:
                while not self._pending:
                    self._wake.clear()
                    await self._wake.wait()
                await self._gather(began + GATHER_S - loop.time())
                began = loop.time()
                group, self._pending = self._pending, []
                if not await self._outlast(group):
                    return
                # What the database refused, by a right that was revoked say, was paid for all the same.
                await self._safekeeping.keep([end for end in _ends(group) if end.refusal is not None])
                await self._safekeeping.recorded([end for end in _ends(group) if end.refusal is None])
                for entry in group:
                    entry.settle()
        finally:
            # Nobody may wait for a commit that will not come.
            self._stopped = True
            for entry in (*group, *self._pending):
                entry.written.cancel()

    def close(self) -> None:
        """Let the writing thread end, also one that waits for the database, and leave the spool to a successor."""
        self._closing.set()
        self._thread.shutdown(wait=True)
        self._safekeeping.close()

    async def _gather(self, seconds: float) -> None:
        """Let more come to share the next commit, unless somebody cannot wait for them."""
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._urgent.wait()
        self._urgent.clear()

    async def _write(self, entry: Entry[T], *, urgent: bool = False) -> T:
        if self._stopped:
            raise RuntimeError("the recorder has stopped")
        self._pending.append(entry)
        self._wake.set()
        if urgent:
            self._urgent.set()
        # A caller that is cancelled hears of nothing more, and does not take back what it asked to write.
        return await entry.written

    async def _outlast(self, group: Sequence[Entry[Any]]) -> bool:
        """Return when a group is committed, or False when closed before. If it takes long, put it in a safe place."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        commit = loop.run_in_executor(self._thread, self._commit_patiently, group)
        await asyncio.wait([commit], timeout=SAFE_AFTER_S)
        while not commit.done():
            self._wake.clear()
            waiting = [*group, *self._pending]
            await self._safekeeping.keep(_ends(waiting))
            patience_s = self._patience_left(began)
            if patience_s <= 0 and not commit.done():
                for entry in waiting:
                    if not isinstance(entry, End) or entry.spooled:
                        entry.give_up()
            more = asyncio.create_task(self._wake.wait())
            either: list[asyncio.Future[Any]] = [commit, more]
            again_s = min(TRY_AGAIN_S, patience_s) if patience_s > 0 else TRY_AGAIN_S
            await asyncio.wait(either, timeout=again_s, return_when=asyncio.FIRST_COMPLETED)
            more.cancel()
        return commit.result()

    def _patience_left(self, began: float) -> float:
        """Return how many seconds more to wait for a commit that began then, 0 or less for none."""
        if self._patience is None:
            return math.inf
        since, seconds = self._patience
        return max(since, began) + seconds - asyncio.get_running_loop().time()

    def _commit_patiently(self, group: Sequence[Entry[Any]]) -> bool:
        try:
            outage.outlast("database", lambda again: self._commit(group, again=again), closing=self._closing)
        except Exception as exc:
            if self._closing.is_set():
                return False
            if len(group) > 1:
                # One entry that the database or its driver refuses must not take the others down with it.
                return all(self._commit_patiently([entry]) for entry in group)
            group[0].refusal = exc
        return True

    def _commit(self, group: Sequence[Entry[Any]], *, again: bool) -> None:
        with writing(self.database) as connection:
            wanted = [entry for entry in group if not entry.dropped]  # now that there is a database to write to
            for kind in KINDS:
                if entries := [entry for entry in wanted if type(entry) is kind]:
                    kind.write(connection, entries, again=again)


def _ends(entries: Sequence[Entry[Any]]) -> list[End]:
    return [entry for entry in entries if isinstance(entry, End)]
