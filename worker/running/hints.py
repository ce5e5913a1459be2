"""Job ids that messages brought and nobody has claimed yet: hints, since the truth is in SQL."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Mapping, Sequence

from models.lane import Lane

MOST = 1000  # a worker with so many lets its Celery threads wait; with Redis it stops reading long before, see `full`
RECHECK_S = 1.0


class Hints:
    """A queue a lane, filled by Celery's threads and emptied by the engine's loop, urgent lanes first."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.urgent, self.arrived = asyncio.Event(), asyncio.Event()  # interactive ones, and others
        self.enough = 1  # hints of the lanes that can wait; with these, more would only be kept from other workers
        self._loop = loop
        self._lanes: dict[Lane, deque[str]] = {lane: deque() for lane in Lane}
        self._known: set[str] = set()
        self._room = threading.Condition()
        self._closed = False

    def put(self, lane: str, ids: Sequence[str]) -> None:
        """Add hints, from any thread. Waits while there are too many, unless somebody waits for the answer."""
        waiting = self._lanes[Lane(lane)]  # before anything is noted: a lane of newer workers is an error
        with self._room:
            while len(self._known) >= MOST and lane != Lane.INTERACTIVE and not self._closed:
                self._room.wait(RECHECK_S)
            if self._closed:
                return  # unclaimed jobs are fed again, to another worker
            fresh = [job_id for job_id in ids if job_id not in self._known]
            self._known.update(fresh)
            waiting.extend(fresh)
        self._loop.call_soon_threadsafe((self.urgent if lane == Lane.INTERACTIVE else self.arrived).set)

    def wake(self) -> None:
        """Let both be looked at again: there is more room, or nothing more to come. For the loop's thread."""
        self.urgent.set()
        self.arrived.set()

    def take(self, room: Mapping[Lane, int]) -> list[str]:
        """Remove and return hints, urgent lanes first, as long as fewer than their lane's `room` are taken in all."""
        taken: list[str] = []
        with self._room:
            for lane, waiting in self._lanes.items():
                while waiting and len(taken) < room[lane]:
                    taken.append(waiting.popleft())
            self._known.difference_update(taken)
            self._room.notify_all()
        return taken

    @property
    def full(self) -> bool:
        """Whether messages of lanes that can wait should be left to other workers. For any thread."""
        return self._closed or len(self._known) - len(self._lanes[Lane.INTERACTIVE]) >= self.enough

    @property
    def closed(self) -> bool:
        """Whether nothing more is accepted."""
        return self._closed

    def close(self) -> list[str]:
        """Let waiting threads and the claiming loop go, accept nothing more, and return what was left."""
        with self._room:
            self._closed = True
            left = [job_id for waiting in self._lanes.values() for job_id in waiting]
            self._room.notify_all()
        self._loop.call_soon_threadsafe(self.wake)
        return left
