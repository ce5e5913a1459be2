"""Waiting for many jobs at once: one look at the database for all that are awaited, however many."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy import Engine

from mmq.polling import FIRST_POLL_S, LONGEST_POLL_S
from models import queries
from models.session import reading
from models.table import Row
from worker.errors import NotFound, Unavailable

IDS_A_LOOK = 1000


class Lookout:
    """Looks while somebody waits: soon after each newcomer, then less and less often. For one loop."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._waiting: defaultdict[str, set[asyncio.Future[Row]]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None
        self._newcomer = asyncio.Event()

    async def ended(self, job_id: str) -> Row:
        """Return a job's row as `models.queries.decided` does, once it has ended.

        Raises:
            NotFound: no such job, or not any more.
        """
        end: asyncio.Future[Row] = asyncio.get_running_loop().create_future()
        self._waiting[job_id].add(end)
        self._newcomer.set()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="lookout")
        try:
            return await end
        finally:
            self._waiting[job_id].discard(end)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    async def close(self) -> None:
        """Stop looking. Whoever waits hears of it."""
        self._tell(list(self._waiting), Unavailable("the queue was closed"))
        self._newcomer.set()
        if self._looking is not None:
            await self._looking  # not cancelled: its thread may hold a connection, which must be back before all close

    async def _look(self) -> None:
        pause = FIRST_POLL_S
        while ids := self._awaited():
            for start in range(0, len(ids), IDS_A_LOOK):
                some = ids[start : start + IDS_A_LOOK]
                try:
                    states, rows = await asyncio.to_thread(self._read, some)
                except Exception as exc:  # whoever waits is to know, as one who looks for himself would
                    self._tell(some, exc)
                    continue
                for job_id in some:
                    if job_id not in states:
                        self._tell([job_id], NotFound(f"no job {job_id!r}"))
                    elif job_id in rows:
                        self._tell([job_id], rows[job_id])
            pause = await self._rest(pause)

    def _awaited(self) -> list[str]:
        self._newcomer.clear()  # whoever comes from now on is not among them
        return list(self._waiting)

    async def _rest(self, pause: float) -> float:
        """Wait, less if somebody comes, but never so little that a stream of newcomers makes a look each."""
        await asyncio.sleep(FIRST_POLL_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause - FIRST_POLL_S):
                await self._newcomer.wait()
                return FIRST_POLL_S
        return min(pause * 1.5, LONGEST_POLL_S)

    def _read(self, ids: list[str]) -> tuple[Mapping[str, str], Mapping[str, Row]]:
        with reading(self._database) as connection:
            return queries.states(connection, ids), {row.id: row for row in queries.ended(connection, ids)}

    def _tell(self, ids: list[str], news: Row | Exception) -> None:
        for job_id in ids:
            for end in self._waiting.get(job_id, ()):
                if not end.done():
                    end.set_exception(news) if isinstance(news, Exception) else end.set_result(news)
