"""Keeping the endings of one recorder safe while the database is away: which of them lie in its spool."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from worker.recording import notation
from worker.recording.end import End
from worker.recording.spool import Spool, SpoolFull

log = logging.getLogger(__name__)


class Safekeeping:
    """Puts endings into the spool, and empties it when all of them are recorded. For one task at a time."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.holds = 0  # endings in the spool that are not recorded
        self._refused = False  # whether the last try failed, and was told of

    async def keep(self, ends: Sequence[End]) -> None:
        """Put those that are not yet there into the spool; where that fails they stay in memory."""
        new = [end for end in ends if not end.spooled]
        if not new:
            return
        try:
            await asyncio.to_thread(self._append, new)
        except (OSError, SpoolFull) as exc:
            if not self._refused:
                text = "cannot keep %d endings in %s, they stay in memory: %s"
                log.error(text, len(new), self.spool.path, exc)  # noqa: TRY400  no news in where
            self._refused = True
            return
        if not self.holds:
            log.warning("what waits for the database is kept in %s", self.spool.path)
        self._refused = False
        self.holds += len(new)
        for end in new:
            end.spooled = True

    async def recorded(self, ends: Iterable[End]) -> None:
        """Take note of endings that need no keeping any more."""
        kept = sum(end.spooled for end in ends)
        self.holds -= kept
        if kept and not self.holds:
            try:
                await asyncio.to_thread(self.spool.remove)
            except OSError as exc:  # a successor will record it all once more, which changes nothing
                log.error("cannot remove %s, all of it is recorded: %s", self.spool.path, exc)  # noqa: TRY400  likewise

    def close(self) -> None:
        """Leave to a successor what is still there."""
        if self.holds:
            log.warning("left %d endings in %s, for the next worker of this home", self.holds, self.spool.path)
        self.spool.close()

    def _append(self, ends: Sequence[End]) -> None:
        self.spool.append([notation.write(end.ending, end.finish) for end in ends])
