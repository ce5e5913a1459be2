"""What admission answers: a reservation, or what a call waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from worker.admission.keys import BudgetKey

Dimension = Literal["requests", "tokens", "concurrency", "gate", "slope", "lane", "redis"]


@dataclass(frozen=True, slots=True)
class Crowd:
    """What the cluster had sent just before a call: what a refusal of it measures."""

    second_calls: float = 0.0
    second_tokens: float = 0.0
    minute_calls: float = 0.0
    minute_tokens: float = 0.0
    in_flight: int = 0

    def joined(self, tokens: int) -> Crowd:
        """Return it with one more call of so many tokens."""
        return Crowd(
            self.second_calls + 1,
            self.second_tokens + tokens,
            self.minute_calls + 1,
            self.minute_tokens + tokens,
            self.in_flight + 1,
        )

    def used(self, dimension: str) -> tuple[float, float]:
        """Return a dimension's use in the second and in the minute; calls in flight are the same in both."""
        if dimension == "concurrency":
            return float(self.in_flight), float(self.in_flight)
        if dimension == "tokens":
            return self.second_tokens, self.minute_tokens
        return self.second_calls, self.minute_calls


@dataclass(frozen=True, slots=True)
class Reservation:
    """Leave for one call at its moment, for which `Admission.moment` waits.

    Hand it to `settle`, `refuse` or `release` exactly once; a second time does nothing.
    """

    number: int  #: unique within its worker process
    budget: BudgetKey
    lane: str
    tokens: int  #: estimated, and charged until settled
    granted_at_us: int  #: by the Redis clock
    moment_us: int  #: when it may be sent, by that clock
    granted_at: float  #: `granted_at_us` in the event loop's time
    send_at: float  #: its moment in that time, `granted_at` where it may go at once
    epoch: int  #: which life of the budget granted it; a flush begins another
    shift_us: int = 0  #: by how much late calls had put the schedule off when it was granted
    before: Crowd = Crowd()


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a call waits and for how many seconds its lane's first has to.

    `concurrency` and `redis` know no moment: their seconds are when it is asked again at the latest.
    """

    dimension: Dimension
    seconds: float
