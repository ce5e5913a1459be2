"""Recording what dead workers of this home left in their spools.

Through the recorder, like the endings of the living: a job that has no answer yet gets the one from the spool, else it
is kept as superseded. A file is removed when all of it is recorded; a replay that dies before is repeated, and changes
nothing that was recorded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from models import ledger
from models.ledger import Finish
from worker import trace
from worker.outage import brief
from worker.recording import notation
from worker.recording.abandoned import Abandoned, abandoned
from worker.recording.notation import NotOurs
from worker.recording.record import Recorder
from worker.recording.spool import folder
from worker.running.endings import Ending

log = logging.getLogger(__name__)

EVERY_S = 15.0  # between two looks for spools
PORTION = 200  # lines in memory


class Replay:
    """Looks for abandoned spools, at once and now and then."""

    def __init__(self, home: Path, recorder: Recorder) -> None:
        """Touch nothing yet."""
        self.home = home
        self.recorder = recorder
        self._kept: dict[Path, int] = {}  # the sizes of those that could not be recorded altogether

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Record every spool that is abandoned."""
        for path in await asyncio.to_thread(lambda: sorted(folder(self.home).glob("*.jsonl"))):
            try:
                await self._take(path)
            except Exception as exc:  # what breaks its reader must not end one worker after the other
                log.error("cannot record %s: %s", path, trace.of(exc))  # noqa: TRY400  the words may be an answer

    async def _take(self, path: Path) -> None:
        spool = abandoned(path)
        if spool is None:
            return
        try:
            if self._kept.get(path) == spool.size_bytes:
                return
            recorded, left = await self._record(spool)
            level = logging.INFO if spool.told() else logging.ERROR
            if spool.torn:
                log.log(level, "%s: %d endings were lost, their lines were cut off", path, spool.torn)
            if left:
                self._kept[path] = spool.size_bytes
                spool.tell()
                text = "%s: recorded %d endings, kept the file for %d lines that are not ours"
                log.log(level, text, path, recorded, left)
            else:
                spool.remove()
                log.warning("recorded %d endings that a dead worker had left in %s", recorded, path)
        finally:
            spool.close()

    async def _record(self, spool: Abandoned) -> tuple[int, int]:
        """Return how many endings were recorded, and how many lines were not: of no call here, refused, not ours."""
        recorded = left = 0
        lines = _read(spool)
        while portion := await asyncio.to_thread(lambda: list(islice(lines, PORTION))):
            ours = [entry for entry in portion if entry is not None]
            finishes = [finish for _, finish in ours if finish is not None]
            known = await self._known(finishes)
            ours = [(ending, end) for ending, end in ours if end is None or (end.job_id, end.number) in known]
            done = await asyncio.gather(*[self._end(ending, finish) for ending, finish in ours])
            recorded += sum(done)
            left += len(portion) - sum(done)
        return recorded, left

    async def _end(self, ending: Ending, finish: Finish | None) -> bool:
        try:
            await self.recorder.end(ending, finish)
        except Exception as exc:
            log.error("job %s: its ending is refused: %s", ending.hold.job_id, brief(exc))  # noqa: TRY400  shows rows
            return False
        return True

    async def _known(self, finishes: list[Finish]) -> set[tuple[str, int]]:
        """Return which of the attempts are in this database. A home may have served another before."""
        known: set[tuple[str, int]] = await self.recorder.submit(lambda connection: ledger.known(connection, finishes))
        return known


def _read(spool: Abandoned) -> Iterator[tuple[Ending, Finish | None] | None]:
    """Yield the endings, and None for each line that is none."""
    try:
        for line in spool.lines():
            try:
                yield notation.read(line)
            except NotOurs:
                yield None
    except ValueError as exc:
        log.error("%s: %s", spool.path, exc)  # noqa: TRY400  no news in where
        yield None
