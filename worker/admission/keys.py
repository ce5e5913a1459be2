"""The names that admission gives to its keys and channels in Redis."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from models.lane import Lane

LANES = tuple(lane.value for lane in Lane)
WAKE_PREFIX = "mmq:wake:"


@dataclass(frozen=True, slots=True)
class BudgetKey:
    """One account's spending on one model."""

    account: str
    model: str

    @property
    def tag(self) -> str:
        """`account:model`, escaped so that no name can end the hash tag or pass for another pair."""
        return f"{quote(self.account, safe='')}:{quote(self.model, safe='')}"

    @property
    def state(self) -> str:
        """The hash with the schedule, the gate and the totals."""
        return f"mmq:{{{self.tag}}}:state"

    @property
    def all(self) -> tuple[str, ...]:
        """Every key of the budget, in the order of `lua/admit.lua`; the hash tag keeps them on one cluster node."""
        names = ("state", "workers", "alive", *(f"turn:{lane}" for lane in LANES))
        return tuple(f"mmq:{{{self.tag}}}:{name}" for name in names)


def wake_channel(worker: str) -> str:
    """The channel on which a worker hears that one of its budgets has room; the message is the budget's tag."""
    return WAKE_PREFIX + worker
