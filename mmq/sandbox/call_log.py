"""What was asked of the sandbox and what became of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ABANDONED = "abandoned"


@dataclass(slots=True)
class Entry:
    """One request. `api` is None for what is no chat call.

    `key` is the key's label, never the key. `outcome` is `ok`, a code, a fault's name, `abandoned` (the client left),
    or an HTTP status for paths that are not chat; None while the call is in flight. `answered` says that a whole
    good answer was sent. `started` and `finished` are seconds since the epoch.
    """

    request_id: str
    path: str
    started: float
    api: str | None = None
    key: str | None = None
    model: str | None = None
    digest: str | None = None
    stream: bool = False
    admitted: bool = False
    answered: bool = False
    outcome: str | None = None
    code: int | None = None
    http_status: int | None = None
    finished: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return all fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Tally:
    """How often one prompt was asked, let through to the model, and answered in full."""

    asked: int = 0
    admitted: int = 0
    answered: int = 0


class CallLog:
    """The newest entries, and counts of all calls since the start or the last reset."""

    def __init__(self, size: int) -> None:
        self.entries: deque[Entry] = deque(maxlen=size)
        self._prompts: dict[str, Tally] = {}
        self._outcomes: Counter[str] = Counter()
        self._calls = self._answered = self._in_flight = self._max_in_flight = 0
        self._first = self._last = 0.0
        self._second = self._in_second = self._max_in_second = 0

    def opened(self, entry: Entry) -> None:
        """Count a chat call that arrived."""
        self.entries.append(entry)
        self._calls += 1
        self._in_flight += 1
        self._max_in_flight = max(self._max_in_flight, self._in_flight)
        self._first = self._first or entry.started
        second = int(entry.started)
        self._in_second = self._in_second + 1 if second == self._second else 1
        self._second = second
        self._max_in_second = max(self._max_in_second, self._in_second)

    def read(self, entry: Entry, digest: str) -> None:
        """Count a call whose prompt is known."""
        entry.digest = digest
        self._prompts.setdefault(digest, Tally()).asked += 1

    def admitted(self, entry: Entry) -> int:
        """Count a call that goes to the model; return how many that makes for its prompt."""
        entry.admitted = True
        tally = self._prompts.setdefault(entry.digest or "", Tally())
        tally.admitted += 1
        return tally.admitted

    def closed(self, entry: Entry, now: float) -> None:
        """Count a chat call that ended; its outcome is set."""
        entry.finished = self._last = now
        self._in_flight -= 1
        self._outcomes[entry.outcome or ABANDONED] += 1
        if entry.answered:
            self._answered += 1
            self._prompts.setdefault(entry.digest or "", Tally()).answered += 1

    def visited(self, entry: Entry) -> None:
        """Record a request that is no chat call."""
        entry.finished = entry.started
        self.entries.append(entry)

    def stats(self) -> dict[str, Any]:
        """Return the counts.

        `rps` is calls over the time from the first start to the last end, `max_rps` those of the busiest second;
        `answered_again` counts the prompts that were answered more than once.
        """
        span = self._last - self._first
        return {
            "calls": self._calls,
            "answered": self._answered,
            "outcomes": dict(self._outcomes.most_common()),
            "in_flight": self._in_flight,
            "max_in_flight": self._max_in_flight,
            "rps": round(self._calls / span, 1) if span > 0 else 0.0,
            "max_rps": self._max_in_second,
            "prompts": len(self._prompts),
            "answered_again": sum(1 for tally in self._prompts.values() if tally.answered > 1),
        }

    def tallies(self, answered_over: int = -1) -> Iterator[dict[str, Any]]:
        """Yield `{"digest", "asked", "admitted", "answered"}` of each prompt answered more often than that."""
        for digest, tally in self._prompts.items():
            if tally.answered > answered_over:
                yield {
                    "digest": digest,
                    "asked": tally.asked,
                    "admitted": tally.admitted,
                    "answered": tally.answered,
                }
