"""How the model's schedule takes what is out of the ordinary, as `lua/schedule.lua` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.admission_lessons import Ring

if TYPE_CHECKING:
    from support.admission_model import BudgetModel

TIMES = ("requests_at", "tokens_at", "gate_until", "closed_at", "moment_at", "deferred_at", "interactive_at")
TIMES += ("quiet_until",)


def set_back(model: BudgetModel, now: int, lease: float) -> None:
    """Move everything with a clock that was set back."""
    by = model.book.seen_at - now
    if by <= 0:
        return
    for name in TIMES:
        if at := getattr(model, name):
            setattr(model, name, max(0.0, at - by))
    model.book.seen_at = now
    model.book.second, model.book.minute = Ring(model.book.second.tick_us), Ring(model.book.minute.tick_us)
    for row in model.workers.values():
        row.lease_ends = min(row.lease_ends, now + lease)
    for turn in model.turns:
        for worker in turn:
            turn[worker] -= by


def rescaled(model: BudgetModel, now: int, at: float, was: float, now_is: float) -> float:
    """Let what is still to be waited for shrink or grow with the limits."""
    start = max(now, model.gate_until, model.moment_at)
    return start + (at - start) * now_is / was if was and now_is and at > start else at


def free_newest(model: BudgetModel, moment: float, interval: float) -> None:
    """Let the newest moment be given again; another would make two calls share the newest."""
    if abs(moment - model.moment_at) < 2:
        model.requests_at -= interval
        model.moment_at -= interval
