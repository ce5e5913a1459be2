"""How fast a lane is drained, and from that: how much to keep under way, and what must be lost.

The window is what is claimed in some moments, so it holds a few moments' work at every speed: at 20 calls a minute two
jobs a worker, at 1,000 a second 500. From nothing it grows fourfold with every look, in a tenth of a second or so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

SPAN_S = 2.0  # of work under way; the shorter, the sooner a pause or a cancelled batch is felt
BRIEF_S = 0.5  # what is claimed in less says no more of the speed
LEAST = 2  # jobs under way for each worker, so that one travels while another runs
STEPS = 4  # of the span, short of which a window is not cut: at 1,000 a second 500, fed in four steps a second
MARK_S = 1.0  # between two marks
MARKS = 600


@dataclass(slots=True)
class Pace:
    """One lane as its feeder sees it. Times are seconds of any steady clock, but for `moment`."""

    starting: bool = False  #: when the window was last asked for: the lane began a moment ago, and it may be wider soon
    _claims: deque[tuple[float, int]] = field(default_factory=deque)
    _marks: deque[tuple[datetime, int]] = field(default_factory=lambda: deque(maxlen=MARKS))
    _looked_at: float = 0.0
    _begun: float = 0.0  # the last moment when the lane was empty: a lane that goes slowly is no lane that starts
    _under_way: int = 0
    _claimed: int = 0
    _mark_due: float = 0.0
    _passed: datetime | None = None

    def look(self, now: float, moment: datetime, under_way: int) -> None:
        """Take note of how many jobs are fed and unclaimed at this moment."""
        claims = max(0, self._under_way - under_way)
        if not self._under_way:
            self._begun = now
        self._looked_at, self._under_way, self.starting = now, under_way, False
        self._claimed += claims
        if claims:
            self._claims.append((now, claims))
        while self._claims and self._claims[0][0] < now - SPAN_S:
            self._claims.popleft()
        if now >= self._mark_due:
            # All that is under way now will be claimed, in turn, by the time that so many are.
            self._marks.append((moment, self._claimed + under_way))
            self._mark_due = now + MARK_S

    def fed(self, count: int) -> None:
        """Take note that so many more are under way."""
        self._under_way += count

    def window(self, workers: int, calls: float) -> int:
        """Return how many jobs should be under way for so many workers, which can make so many calls at a time."""
        if not workers:
            return 0
        span = self._span()
        most = max(ceil(2 * calls), span // STEPS)
        self.starting = span < most and self._looked_at - self._begun < BRIEF_S
        return max(LEAST * workers, min(span, most))

    def passed(self) -> datetime | None:
        """Return the newest moment before which all messages have had their turn: one still unclaimed is lost."""
        while self._marks and self._marks[0][1] <= self._claimed:
            self._passed, _ = self._marks.popleft()
        return self._passed

    def _span(self) -> int:
        """Return how many jobs are claimed in a span, at the speed of late."""
        if not self._claims:
            return 0
        seconds = min(max(self._looked_at - self._begun, BRIEF_S), SPAN_S)
        return int(sum(count for _, count in self._claims) * SPAN_S / seconds)
