"""What one account may spend on one model, and the arithmetic of pacing it.

Calls go out evenly: at 1,200 requests a minute one every 50.8 ms, at 20 a minute one every 3.05 s. A provider that
counts arrivals over a sliding window refuses the call that comes less than a window after the one N places before it;
spaced at exactly N a window, half of all calls would, since the network delivers some early and some late. HEADROOM
sets them apart: 1.5 % of a one-minute window forgives 900 ms of jitter, of a one-second window 15 ms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Share of a rate that is left unused, so that calls bunched by the network still fit the provider's window.
HEADROOM = 0.015
MINUTE_US = 60_000_000
#: What a minute's share of a rate is spread over.
PACED_MINUTE_US = MINUTE_US / (1 - HEADROOM)
#: Where a rate begins of which nobody knows anything.
MODEST_RPM = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """None is unlimited. `rpm` requests a minute, `tpm` tokens a minute, in and out, `concurrency` calls at once.

    `burst_s` is the allowance: how many seconds of the rate may go at once after a pause. The default fits into what
    HEADROOM leaves unused of a window of a second; a provider with a window of a minute bears 0.5.
    `interactive_reserve` is the share of `concurrency` (rounded down to whole calls) that the other lanes leave free
    while the interactive lane is in use; once it has been idle for a minute they borrow it.

    `rpm`, `tpm` and `concurrency` are never exceeded. Where one is None, its rate begins at `start_rpm`, `start_tpm`
    and is learned from there, up as well as down; without a start it is unlimited until the provider refuses.
    """

    rpm: float | None = None
    tpm: float | None = None
    concurrency: int | None = None
    burst_s: float = 0.01
    interactive_reserve: float = 0.1
    start_rpm: float | None = None
    start_tpm: float | None = None

    @classmethod
    def of(cls, configured: Limits, published_rpm: float | None, published_tpm: float | None) -> Limits:
        """Return the configured limits with a start for the rates they leave open.

        That is what MiniMax publishes for the model, or, for requests to a model it publishes nothing for, a modest
        rate that doubles every 17 s until the first refusal.
        """
        return replace(configured, start_rpm=published_rpm or MODEST_RPM, start_tpm=published_tpm)

    def __post_init__(self) -> None:
        for name in ("rpm", "tpm", "concurrency", "start_rpm", "start_tpm"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be above 0 or None, got {value}")
        if self.burst_s < 0:
            raise ValueError(f"burst_s must not be negative, got {self.burst_s}")
        if not 0 <= self.interactive_reserve < 1:
            raise ValueError(f"interactive_reserve must be from 0 to below 1, got {self.interactive_reserve}")

    @property
    def request_interval_us(self) -> float:
        """Microseconds from one call to the next, 0 if unlimited: 50,761 at 1,200 a minute."""
        return 0.0 if self.rpm is None else MINUTE_US / (self.rpm * (1 - HEADROOM))

    @property
    def token_interval_us(self) -> float:
        """Microseconds that one token takes, 0 if unlimited: 6.09 at 10 million a minute."""
        return 0.0 if self.tpm is None else MINUTE_US / (self.tpm * (1 - HEADROOM))

    def told(self, dimension: str) -> float:
        """The ceiling of `requests`, `tokens` or `concurrency`, else its start, else 0: not limited so far."""
        known = {
            "requests": self.rpm or self.start_rpm,
            "tokens": self.tpm or self.start_tpm,
            "concurrency": self.concurrency,
        }
        return known.get(dimension) or 0.0

    @property
    def reserved_slots(self) -> int:
        """Calls at once that a busy interactive lane has for itself: 1 of 10, none of 9."""
        return int((self.concurrency or 0) * self.interactive_reserve)

    @property
    def burst_us(self) -> float:
        """The allowance in microseconds of schedule."""
        return self.burst_s * 1e6


@dataclass(frozen=True, slots=True)
class Policy:
    """How admission itself behaves, the same for every budget; seconds where not said otherwise."""

    lease_s: float = (
        6.0  #: a worker unheard of for so long no longer holds its calls: the price of a crash in concurrency
    )
    heartbeat_s: float = 2.0  #: a third of the lease, so that two lost beats do no harm
    #: How long before its moment a call may be granted: time in which its attempt is written, so that neither the
    #: database nor the way to Redis makes calls bunch. An interactive call may stand behind so much of other lanes.
    ahead_s: float = 0.05
    patience_s: float = 1.0  #: longest wait told where no moment is known; a wake-up usually comes first
    deference_s: float = 0.1  #: how long free room is kept for another worker's more urgent waiter
    probe_s: float = 0.1  #: least time between calls after a refusal, until one is answered
    reserve_hold_s: float = 60.0  #: how long after its last call the interactive lane keeps its reserve
    default_floor: int = 10  #: after so many calls of higher lanes while it waits, one of `default` goes first; 0 never
    bulk_floor: int = 20  #: the same for `bulk`: at least every 21st call
    batch: int = 128  #: calls asked for in one script call
