"""One question to `lua/admit.lua` and its answer, and how they travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from worker.admission.keys import WAKE_PREFIX, BudgetKey
from worker.admission.limits import PACED_MINUTE_US, Limits, Policy
from worker.admission.reservation import Crowd, Dimension

ByLane = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Question:
    """What one worker reports and asks about one budget. Counts are absolute, changes are since the last answer."""

    worker: str
    epoch: int  #: of the last answer, 0 if there was none
    held: int  #: calls in flight, reservations not yet settled
    waiting: ByLane
    asks: tuple[Sequence[int], Sequence[int], Sequence[int]]  #: by lane, the token estimates of its first waiters
    limits: Limits
    returned: int = 0  #: requests granted and never sent
    returned_us: int = 0  #: the newest moment of theirs
    correction: int = 0  #: tokens used minus tokens reserved, over all that was settled
    answered_at_us: int = 0  #: granted_at of the newest call that was answered
    ahead_us: int = 0  #: how long before its moment a call may be granted
    late_us: int = 0  #: the shift of the schedule that its late calls require
    lived_us: int = 0  #: for how long this worker has lived; needed while it knows no epoch
    learned: str = ""  #: as this worker last heard it, for a Redis that has forgotten

    def arguments(self, budget: BudgetKey, policy: Policy) -> list[str | int | float]:
        """Return ARGV as the head of `lua/admit.lua` lists it."""
        limits = self.limits
        return [
            self.worker,
            self.epoch,
            self.held,
            *self.waiting,
            limits.request_interval_us,
            limits.token_interval_us,
            limits.concurrency or 0,
            limits.reserved_slots,
            limits.burst_us,
            self.returned,
            self.correction,
            self.answered_at_us,
            WAKE_PREFIX,
            budget.tag,
            *(round(seconds * 1e6) for seconds in (policy.lease_s, policy.patience_s, policy.deference_s)),
            *(round(seconds * 1e6) for seconds in (policy.probe_s, policy.reserve_hold_s, policy.heartbeat_s)),
            policy.default_floor,
            policy.bulk_floor,
            limits.start_rpm or 0,
            limits.start_tpm or 0,
            PACED_MINUTE_US,
            self.learned,
            self.ahead_us,
            self.late_us,
            self.returned_us,
            self.lived_us,
            *(len(tokens) for tokens in self.asks),
            *(tokens for lane in self.asks for tokens in lane),
        ]


@dataclass(frozen=True, slots=True)
class Answer:
    """How many of the calls asked for may go out, by lane, and what the first of the others waits for."""

    granted: ByLane
    wait_us: int
    dimension: Dimension | None  #: None when nothing was refused
    now_us: int
    epoch: int
    learned: str  #: as `worker.admission.learning.Lessons` reads it
    before: Crowd  #: the first of the calls granted
    shift_us: int = 0  #: by how much late calls have put the schedule off
    delays_us: tuple[int, ...] = ()  #: of the calls granted, by lane: from `now_us` until each may be sent

    @classmethod
    def from_reply(cls, reply: Sequence[int | bytes | str]) -> Answer:
        """Read the script's reply; bytes or text, as the client decodes."""
        interactive, default, bulk, wait_us, dimension, now_us, epoch, learned, *before = reply
        text = _text(dimension)
        second, minute = (float(before[0]), float(before[1])), (float(before[2]), float(before[3]))
        return cls(
            granted=(int(interactive), int(default), int(bulk)),
            wait_us=int(wait_us),
            dimension=cast("Dimension", text) if text else None,
            now_us=int(now_us),
            epoch=int(epoch),
            learned=_text(learned),
            before=Crowd(*second, *minute, in_flight=int(before[4])),
            shift_us=int(before[5]),
            delays_us=tuple(map(int, before[6:])),
        )


def _text(value: int | bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
