"""The calls of one process that wait for one budget, in the order in which they may go."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from worker.admission.decision import ByLane
from worker.admission.keys import LANES
from worker.admission.reservation import Reservation, Wait

Lines = tuple["OrderedDict[int, Waiter]", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Waiter:
    """One call that waits; `future` brings its reservation."""

    lane: int  #: index into LANES, 0 the most urgent
    tokens: int
    future: asyncio.Future[Reservation]
    on_wait: Callable[[Wait], None] | None
    anew: bool = False  #: it had been granted, and its gate closed before its moment

    def tell(self, wait: Wait) -> None:
        """Pass on why it waits, where somebody listens."""
        if self.on_wait is not None:
            self.on_wait(wait)


def share(waiting: ByLane, batch: int) -> ByLane:
    """Return how many of each lane to ask for: the highest first, but one of each lane that waits.

    A lane that has been passed over for long goes first; without one of it in the batch nobody could go.
    """
    interactive = min(waiting[0], max(1, batch - 2))
    default = min(waiting[1], max(1, batch - interactive - 1))
    return interactive, default, min(waiting[2], max(1, batch - interactive - default))


class Waiters:
    """Ordered by lane, in it those that wait anew first, then by arrival.

    Adding, discarding and counting take constant time.
    """

    def __init__(self) -> None:
        # A plain dict slows down when it is emptied from the front: it steps over what was deleted.
        self._lanes: Lines = tuple(OrderedDict() for _ in LANES)
        self._anew: Lines = tuple(OrderedDict() for _ in LANES)

    def add(self, waiter: Waiter) -> None:
        """Put it behind the others of its lane, or, if it waits anew, behind those of them that do."""
        (self._anew if waiter.anew else self._lanes)[waiter.lane][id(waiter)] = waiter

    def discard(self, waiter: Waiter) -> None:
        """Take it out; one that is not there is no error."""
        (self._anew if waiter.anew else self._lanes)[waiter.lane].pop(id(waiter), None)

    def counts(self) -> ByLane:
        """Return how many wait in each lane."""
        interactive, default, bulk = (len(anew) + len(lane) for anew, lane in zip(self._anew, self._lanes, strict=True))
        return interactive, default, bulk

    def first(self, count: int) -> tuple[list[Waiter], list[Waiter], list[Waiter]]:
        """Return the first of each lane, as many as `share` says for a batch of `count`."""
        shares = zip(self._anew, self._lanes, share(self.counts(), count), strict=True)
        interactive, default, bulk = (list(islice(chain(a.values(), b.values()), part)) for a, b, part in shares)
        return interactive, default, bulk

    def __iter__(self) -> Iterator[Waiter]:
        """Iterate over a copy, so that what is told may add or discard."""
        lines = chain.from_iterable(zip(self._anew, self._lanes, strict=True))
        return iter([waiter for line in lines for waiter in line.values()])

    def __bool__(self) -> bool:
        return any(self._lanes) or any(self._anew)
