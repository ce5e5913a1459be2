"""How many jobs a worker should hold that wait for admission: as many as it was lately let to send, for each model.

From nothing that grows fourfold with every claim, each a commit or two. A model that stands still does not hold up the
others of its lane: as long as one of those seen lately has room, more is claimed, up to the worker's calls.
"""

from __future__ import annotations

from collections import Counter, deque

from worker.running.holding import Holding

SPAN_S = 2.0  # as many jobs of a model may wait as are admitted in so long,
LEAST = 2  # but these in any case, so that one is at hand when another goes
BRIEF_S = 0.5  # what is admitted in less says no more of the speed
SEEN_S = 60.0  # how long a model is expected to come again
SOON_S = 0.15  # a job that is likely to be admitted within so long is written as begun meanwhile


class Restraint:
    """What one worker waits for. Times are seconds of a steady clock."""

    def __init__(self) -> None:
        self._waiting: dict[Holding, str] = {}
        self._queue: Counter[str] = Counter()  # the same by model
        self._denied: set[Holding] = set()
        self._stuck: Counter[str] = Counter()  # the same by model
        self._grants: deque[tuple[float, str]] = deque()
        self._granted: Counter[str] = Counter()
        self._seen: dict[str, float] = {}

    def claimed(self, holding: Holding, model: str, now: float) -> None:
        """A job is in hand, and not admitted yet."""
        self._waiting[holding] = model
        self._queue[model] += 1
        self._seen[model] = now

    def denied(self, holding: Holding) -> None:
        """A limit holds up a job."""
        if holding in self._waiting and holding not in self._denied:
            self._denied.add(holding)
            self._stuck[self._waiting[holding]] += 1

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
            if holding in self._denied:
                self._denied.remove(holding)
                self._stuck[model] -= 1

    @property
    def held_up(self) -> bool:
        """Whether a limit holds up any of those that wait."""
        return bool(self._denied)

    def room(self, now: float) -> int:
        """Return how many more jobs to claim, 0 or less for none."""
        self._forget(now)
        self._seen = {model: moment for model, moment in self._seen.items() if moment > now - SEEN_S}
        return max((self._allowance(model, now) - self._queue[model] for model in self._seen), default=LEAST)

    def soon(self, model: str, now: float) -> bool:
        """Return whether all that wait for a model will be admitted within SOON_S, as things went lately."""
        self._forget(now)
        return self._granted[model] > 0 and self._queue[model] <= self._granted[model] * SOON_S / self._in(now, SOON_S)

    def admitted_in(self, seconds: float, now: float) -> int:
        """Return how many jobs are admitted in so long, as things went lately."""
        self._forget(now)
        return int(len(self._grants) * seconds / self._in(now))

    def enough(self) -> int:
        """Return how many jobs it pays to have in reserve."""
        return max(LEAST, len(self._grants))

    def _allowance(self, model: str, now: float) -> int:
        # Where some are held up already, those granted at the start say nothing of how it goes on.
        seconds = SPAN_S if self._stuck[model] else self._in(now)
        return max(LEAST, int(self._granted[model] * SPAN_S / seconds))

    def _in(self, now: float, least: float = BRIEF_S) -> float:
        """Return in how many seconds the grants came that are known."""
        begun = self._grants[0][0] if self._grants else now
        return min(max(now - begun, least), SPAN_S)

    def _forget(self, now: float) -> None:
        while self._grants and self._grants[0][0] < now - SPAN_S:
            self._granted[self._grants.popleft()[1]] -= 1
