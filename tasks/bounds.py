"""Back-pressure: how many jobs may be queued in a lane before new ones are refused."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import Connection

from models import backlog
from worker.errors import QueueFull

#: What a look allows to be accepted without another: a part of the room it saw, and for so many seconds.
SHARE = 4
GOOD_FOR_S = 1.0


@dataclass(slots=True)
class _Room:
    left: int
    until: float


@dataclass(slots=True)
class Bounds:
    """The most jobs that may be queued, by lane; a lane that is not named has no bound, and costs nothing.

    One producer alone keeps a bound exactly. Several at once may pass it by what they accept within a second, since
    none locks the others out to count. Safe to share between threads.
    """

    most: Mapping[str, int]
    _rooms: dict[str, _Room] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def hold(self, connection: Connection, accepted: Iterable[str]) -> None:
        """Check the lanes of jobs that were just inserted in this transaction, a lane for each job.

        Raises:
            QueueFull: a bound is passed. The transaction is to be rolled back.
        """
        if not self.most:
            return
        for lane, count in Counter(accepted).items():
            if lane in self.most and not self._take(lane, count):
                room = self.most[lane] - backlog.queued(connection, lane, self.most[lane])
                if room < 0:
                    raise QueueFull(lane, self.most[lane])
                with self._lock:
                    self._rooms[lane] = _Room(room // SHARE, time.monotonic() + GOOD_FOR_S)

    def foresee(self, connection: Connection, lane: str, coming: int) -> None:
        """Check, before anything is inserted, that so many more jobs have room in a lane.

        Raises:
            QueueFull: they have not.
        """
        most = self.most.get(lane)
        if most is not None and coming > 0 and backlog.queued(connection, lane, most) + coming > most:
            raise QueueFull(lane, most, coming)

    def _take(self, lane: str, count: int) -> bool:
        """Whether an earlier look allows so many, which are then used up."""
        with self._lock:
            room = self._rooms.get(lane)
            if room is None or room.left < count or room.until < time.monotonic():
                return False
            room.left -= count
            return True
