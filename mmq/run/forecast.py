"""What holds the calls of a budget back, and how many of them go out a minute, judged by its state. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmq.report.words import duration
from models.lane import Lane
from worker.admission.status import BudgetStatus


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A dimension, and in words how it stands."""

    dimension: str
    text: str


def obstacle(status: BudgetStatus) -> Obstacle | None:
    """Return what the waiting calls of a budget wait for; None if none waits and the gate is open."""
    if status.gate_s:
        return Obstacle("gate", f"MiniMax refused by a limit, the next call goes out in {duration(status.gate_s)}")
    if not any(status.waiting.values()):
        return None
    if _full(status):
        return Obstacle("concurrency", f"{status.in_flight:,} of {status.concurrency:,} calls at once are out")
    requests = status.requests_last_minute / status.rpm if status.rpm else 0.0
    tokens = status.tokens_last_minute / status.tpm if status.tpm else 0.0
    if status.tpm and tokens > requests:
        return Obstacle("tokens", f"{status.tokens_last_minute:,.0f} of {status.tpm:,.0f} tokens a minute are used")
    if status.rpm:
        return Obstacle(
            "requests", f"{status.requests_last_minute:,.0f} of {status.rpm:,.0f} requests a minute are used"
        )
    return None


def per_minute(status: BudgetStatus) -> float:
    """Return how many calls go out a minute: what the limits let out if calls wait for them, else what went out.

    600 requests and 300,000 tokens a minute at 1,000 tokens a call: 300.
    """
    gone = status.requests_last_minute
    if not any(status.waiting.values()) or _full(status):
        return gone
    tokens_a_call = status.tokens_last_minute / gone if gone else 0.0
    by_limit = [status.rpm] if status.rpm else []
    by_limit += [status.tpm / tokens_a_call] if status.tpm and tokens_a_call else []
    return min(by_limit, default=gone)


def seconds_until(ahead: int, statuses: Sequence[BudgetStatus]) -> float | None:
    """Return when the call after `ahead` others goes out by the present rate of all budgets; None if nothing moves."""
    rate = sum(per_minute(status) for status in statuses)
    if not rate:
        return None
    return max(60.0 * ahead / rate, min(status.gate_s for status in statuses))


def waiting_before(lane: str, statuses: Sequence[BudgetStatus]) -> int:
    """Return how many calls that workers hold go before one of a lane that comes now."""
    lanes = [other.value for other in Lane]
    return sum(status.waiting.get(name, 0) for status in statuses for name in lanes[: lanes.index(lane) + 1])


def _full(status: BudgetStatus) -> bool:
    return status.concurrency is not None and status.in_flight >= status.concurrency
