"""How lanes share what may be spent, and how evenly calls go out, as `mmq.toml` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.lane import Lane
from worker.admission.limits import Limits, Policy
from worker.configuration.table import Table

_LIMITS, _POLICY = Limits(), Policy()
_BOUNDS = {lane: f"{lane}_max_queued" for lane in Lane}


@dataclass(frozen=True, slots=True)
class Sharing:
    """What holds for all budgets. The meanings are those of `worker.admission.limits`."""

    default_floor: int = _POLICY.default_floor
    bulk_floor: int = _POLICY.bulk_floor
    interactive_reserve: float = _LIMITS.interactive_reserve
    burst_s: float = _LIMITS.burst_s


def sharing(lanes: Table, pacing: Table) -> Sharing:
    """Read `[lanes]` and `[pacing]`; what they leave out is as usual."""
    lanes.refuse_others({"default_floor", "bulk_floor", "interactive_reserve", *_BOUNDS.values()})
    pacing.refuse_others({"burst_s"})
    read = {
        "default_floor": lanes.whole("default_floor", least=0),
        "bulk_floor": lanes.whole("bulk_floor", least=0),
        "interactive_reserve": lanes.fraction("interactive_reserve"),
        "burst_s": pacing.fraction("burst_s"),
    }
    return Sharing(**{name: value for name, value in read.items() if value is not None})  # type: ignore[arg-type]


def bounds(lanes: Table, usual: int | None) -> Mapping[str, int]:
    """Return the most jobs that may be queued in each lane, as `[lanes]` says or else as `usual`; none for no bound."""
    written = {lane: lanes.whole(name) or usual for lane, name in _BOUNDS.items()}
    return {str(lane): most for lane, most in written.items() if most is not None}
