"""One account as this process uses it: its client, its limits, and the calls that are out on it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

from worker.admission.admission import Admission
from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits
from worker.admission.reservation import Reservation, Wait
from worker.provider.client import Client
from worker.routing.accounts import Payer

_turns = itertools.count(1)


class Desk:
    """Asks admission for calls of one account. `limits` returns those in force for one of its budgets."""

    def __init__(
        self, payer: Payer, client: Client, admission: Admission, limits: Callable[[BudgetKey], Limits]
    ) -> None:
        self.payer = payer
        self.name = payer.name
        self.client = client
        self.out = 0  #: calls that were granted and have not ended
        self.turn = 0  #: of equals, the account with the lowest was first choice the longest ago
        self._admission = admission
        self._limits = limits

    def take_turn(self) -> None:
        """Let the others be first choice before this one is again."""
        self.turn = next(_turns)

    async def ask(self, model: str, *, lane: str, tokens: int, on_wait: Callable[[Wait], None]) -> Grant:
        """Wait until a call may go out, and return the leave for it. Cancelling gives everything back."""
        budget = BudgetKey(self.name, model)
        reservation = await self._admission.acquire(
            budget, self._limits(budget), lane=lane, tokens=tokens, on_wait=on_wait
        )
        self.out += 1
        return Grant(self, reservation, self._admission)


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave for one call at one account. End it exactly once, by `settle`, `refuse` or `release`."""

    desk: Desk
    reservation: Reservation
    admission: Admission

    async def moment(self) -> Grant:
        """Wait until the call is to be sent, and return the leave to end; see `Admission.moment`.

        Cancelling gives everything back: then this leave must not be ended any more.
        """
        try:
            reservation = await self.admission.moment(self.reservation)
        except BaseException:
            self.desk.out -= 1
            raise
        return self if reservation is self.reservation else replace(self, reservation=reservation)

    def sent(self, connecting_s: float) -> None:
        """The call goes out now; see `Admission.sent`."""
        self.admission.sent(self.reservation, connecting_s)

    async def settle(self, used_tokens: int | None) -> None:
        """The call was answered, or may have been; see `Admission.settle`."""
        self.desk.out -= 1
        await self.admission.settle(self.reservation, used_tokens)

    async def refuse(self, dimension: str, retry_after: float | None) -> None:
        """MiniMax refused it for its limits; see `Admission.refuse`."""
        self.desk.out -= 1
        await self.admission.refuse(self.reservation, dimension, retry_after)

    async def release(self) -> None:
        """It was not sent."""
        self.desk.out -= 1
        await self.admission.release(self.reservation)
