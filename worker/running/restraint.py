"""How many jobs a worker should hold that wait for admission: as many as it was lately let to send, for each model.

From nothing that doubles with every grant, in the time of some commits. A model that stands still does not hold up the
others of its lane: as long as one of those seen lately has room, more is claimed, up to the worker's calls.
"""

from __future__ import annotations

from collections import Counter, deque

from worker.running.holding import Holding

SPAN_S = 2.0  # as many jobs of a model may wait as were admitted in so long,
LEAST = 2  # but these in any case, so that one is at hand when another goes
SEEN_S = 60.0  # how long a model is expected to come again
SOON_S = 0.15  # a job that is likely to be admitted within so long is written as begun meanwhile


class Restraint:
    """What one worker waits for. Times are seconds of a steady clock."""

    def __init__(self) -> None:
        self._waiting: dict[Holding, str] = {}
        self._queue: Counter[str] = Counter()  # the same by model
        self._grants: deque[tuple[float, str]] = deque()
        self._granted: Counter[str] = Counter()
        self._seen: dict[str, float] = {}

    def claimed(self, holding: Holding, model: str, now: float) -> None:
        """A job is in hand, and not admitted yet."""
        self._waiting[holding] = model
        self._queue[model] += 1
        self._seen[model] = now

    def granted(self, holding: Holding, model: str, now: float) -> None:
        """A job was admitted, for the first time or again."""
        self.ended(holding)
        self._grants.append((now, model))
        self._granted[model] += 1
        self._seen[model] = now

    def ended(self, holding: Holding) -> None:
        """A job left, admitted or not."""
        if (model := self._waiting.pop(holding, None)) is not None:
            self._queue[model] -= 1

    def room(self, now: float) -> int:
        """Return how many more jobs to claim, 0 or less for none."""
        self._forget(now)
        self._seen = {model: moment for model, moment in self._seen.items() if moment > now - SEEN_S}
        return max((self._allowance(model) - self._queue[model] for model in self._seen), default=LEAST)

    def soon(self, model: str, now: float) -> bool:
        """Return whether all that wait for a model will be admitted within SOON_S, as things went lately."""
        self._forget(now)
        return self._granted[model] > 0 and self._queue[model] * SPAN_S <= self._granted[model] * SOON_S

    def admitted_in(self, seconds: float, now: float) -> int:
        """Return how many jobs are admitted in so long, as things went lately."""
        self._forget(now)
        return int(len(self._grants) * seconds / SPAN_S)

    def enough(self) -> int:
        """Return how many jobs it pays to have in reserve."""
        return max(LEAST, len(self._grants))

    def _allowance(self, model: str) -> int:
        return max(LEAST, self._granted[model])

    def _forget(self, now: float) -> None:
        while self._grants and self._grants[0][0] < now - SPAN_S:
            self._granted[self._grants.popleft()[1]] -= 1
