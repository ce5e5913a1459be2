"""What admission answers: a reservation, or what a call waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from worker.admission.keys import BudgetKey

Dimension = Literal["requests", "tokens", "concurrency", "gate", "slope", "lane", "redis"]


@dataclass(frozen=True, slots=True)
class Reservation:
    """Leave for one call. Hand it to `settle`, `refuse` or `release` exactly once; a second time does nothing."""

    number: int  #: unique within its worker process
    budget: BudgetKey
    lane: str
    tokens: int  #: estimated, and charged until settled
    granted_at_us: int  #: by the Redis clock
    epoch: int  #: which life of the budget granted it; a flush begins another


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a call waits and for how many seconds its lane's first has to.

    `concurrency` and `redis` know no moment: their seconds are when it is asked again at the latest.
    """

    dimension: Dimension
    seconds: float
