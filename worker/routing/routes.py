"""Which account a call goes to: of those that serve its model and are open, the one that can grant soonest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from models.lane import Lane
from worker.admission.reservation import Wait
from worker.routing.desk import Desk, Grant
from worker.routing.pauses import Pauses
from worker.routing.race import Race


class NotServed(Exception):
    """No account of this worker serves the model."""


class AllPaused(Exception):
    """Each of `accounts`, which serve the model, is paused, or the one by which the call was to go.

    `until` is when to try again; None: when fed again.
    """

    def __init__(self, accounts: Sequence[str], until: datetime | None) -> None:
        self.accounts = accounts
        self.until = until
        super().__init__(accounts, until)


class Routes:
    """Finds an account for each call of one worker process."""

    def __init__(self, desks: Sequence[Desk], pauses: Pauses) -> None:
        self.desks = desks
        self.pauses = pauses
        self._serving: dict[str, list[Desk]] = {}

    async def acquire(self, model: str, *, lane: str, tokens: int, on_wait: Callable[[Wait], None]) -> Grant:
        """Wait until a call for this model may go out, by whichever account that is. Arguments as for admission.

        The account with the fewest calls of ours out is asked first. When an account is paused or resumed meanwhile,
        all that wait choose anew. One call a minute tries an account that its own trouble had paused.

        Raises:
            NotServed, AllPaused: waiting is of no use now.
        """
        serving = self.serving(model)
        if not serving:
            raise NotServed(model)
        while True:
            change = self.pauses.change
            probed = await self._probe(serving, lane)
            desks = [probed] if probed else await self._open(serving)
            if len(serving) == 1:  # the usual case needs no race
                grant: Grant | None = await serving[0].ask(model, lane=lane, tokens=tokens, on_wait=on_wait)
            else:
                desks.sort(key=lambda desk: (desk.out, desk.turn))
                desks[0].take_turn()  # now, since many calls may ask before the first is granted
                grant = await Race(desks, model, lane=lane, tokens=tokens, on_wait=on_wait).run(change)
            if grant is not None:
                if probed or not self.pauses.paused(grant.desk.name):
                    return grant
                await grant.release()  # it was paused while this call waited

    async def moment(self, grant: Grant) -> Grant:
        """Wait until a granted call is to be sent; see `Grant.moment`.

        Raises:
            AllPaused: its gate closed, and while it waited anew its account was paused. The leave is given back.
        """
        ready = await grant.moment()
        if ready is not grant and self.pauses.paused(ready.desk.name):
            await ready.release()
            serving = self.serving(ready.reservation.budget.model)
            # Where one of them is open, the job is ready as soon as it is back: see `Pauses.sent_back`.
            raise AllPaused([desk.name for desk in serving], self._until(serving))
        return ready

    def serving(self, model: str) -> Sequence[Desk]:
        """Return the accounts that serve a model, paused or not."""
        if (known := self._serving.get(model)) is None:
            known = [desk for desk in self.desks if desk.payer.serves(model)]
            if known:  # what nobody serves may be any text
                self._serving[model] = known
        return known

    def only(self, model: str) -> Desk | None:
        """Return the account by which a call for this model will go, if that is certain beforehand."""
        serving = self.serving(model)
        return serving[0] if len(serving) == 1 and not self.pauses.paused(serving[0].name) else None

    async def _open(self, serving: Sequence[Desk]) -> list[Desk]:
        if not (desks := self._unpaused(serving)):
            # Somebody may have opened one since the last heartbeat; the feeder, which looks at the rows, knows that.
            await self.pauses.look()
            desks = self._unpaused(serving)
        if not desks:  # nothing is waited for in between: one opened meanwhile would leave this job to wait for minutes
            raise AllPaused([desk.name for desk in serving], self._until(serving))
        return desks

    def _unpaused(self, serving: Sequence[Desk]) -> list[Desk]:
        return [desk for desk in serving if not self.pauses.paused(desk.name)]

    def _until(self, serving: Sequence[Desk]) -> datetime | None:
        if all(self.pauses.paused(desk.name) for desk in self.desks):
            return None  # nothing is fed
        # Other jobs go on being fed, and this one would come back at once, again and again.
        return self.pauses.back_at([desk.name for desk in serving])

    async def _probe(self, serving: Sequence[Desk], lane: str) -> Desk | None:
        """Return the account that this call is to try, if it is the one that may."""
        if lane == Lane.INTERACTIVE and not all(self.pauses.paused(desk.name) for desk in serving):
            return None  # somebody waits for it, and it would probably lose a moment
        for desk in serving:
            if await self.pauses.take_probe(desk.name):
                return desk
        return None
