"""Which queues a worker reads: all of them, or while it has jobs enough, only the one that cannot wait.

A worker that is full would take messages that it can do nothing with, and another that is idle would wait for them.
Celery has no such brake for single queues; kombu's Redis transport asks this class before each read. With another
broker it is not asked, and a full worker keeps what it took until it has room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from models.lane import Lane

_full: list[Callable[[], bool]] = []


def ask(full: Callable[[], bool]) -> None:
    """Let `full` say from now on whether this process's worker has jobs enough."""
    _full[:] = [full]


class Appetite:
    """The queues to read next, in the order of `-Q`; kombu makes it by its name in `celeryconfig`.

    Source: the cycles of `kombu.utils.scheduling`, whose place it takes.
    """

    def __init__(self) -> None:
        self._queues: list[str] = []

    def update(self, queues: Iterable[str]) -> None:
        """Take note of the queues that are consumed from."""
        self._queues = list(queues)

    def consume(self, count: int) -> list[str]:
        """Return the queues to read, maybe none. A read lasts a moment, then this is asked again."""
        queues = self._queues[:count]
        if any(full() for full in _full):
            return [queue for queue in queues if queue == Lane.INTERACTIVE]
        return queues

    def rotate(self, last_used: str) -> str:
        """Keep the order, whatever was read last."""
        return last_used
