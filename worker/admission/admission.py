"""May this call go out now? The one question that stands between a worker and MiniMax, answered for the whole cluster.

A decision is one run of `lua/admit.lua`: concurrency, requests and tokens together, for one budget, by the clock of
Redis. What it grants is a reservation; settling it corrects the estimate and frees its place. A worker that dies loses
its places when its lease ends. Without Redis nothing goes out, and nothing fails: calls wait until it is back.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from redis.asyncio import Redis

from worker.admission import gate
from worker.admission.cancel import cancel
from worker.admission.clock import RedisClock
from worker.admission.keys import LANES, BudgetKey
from worker.admission.limits import Limits, Policy
from worker.admission.memory import Memory
from worker.admission.outage import UNAVAILABLE, Outage
from worker.admission.reservation import Reservation, Wait
from worker.admission.scripts import Script
from worker.admission.status import BudgetStatus, read_status
from worker.admission.turnstile import Turnstile
from worker.admission.wake import listen


class Admission:
    """Admission for one worker process, to be made on the event loop that uses it, and closed at the end.

    `worker` must be unique in the cluster and new at each start: what a predecessor held is not this one's.
    `redis` should come from `connection.connect`: a client that repeats commands may refund twice. Without a `memory`
    what is learned about limits is kept in Redis alone.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        worker: str,
        policy: Policy | None = None,
        memory: Memory | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._redis = redis
        self._jitter = jitter
        self._worker = worker
        self._policy = policy or Policy()
        self._memory = memory
        self._admit, self._refuse = Script("admit"), Script("refuse")
        self._outage = Outage()
        self._born = asyncio.get_running_loop().time()
        self._clock = RedisClock()
        self._turnstiles: dict[BudgetKey, Turnstile] = {}
        self._by_tag: dict[str, Turnstile] = {}
        self._listener: asyncio.Task[None] | None = None

    async def acquire(
        self,
        budget: BudgetKey,
        limits: Limits,
        *,
        lane: str,
        tokens: int,
        on_wait: Callable[[Wait], None] | None = None,
    ) -> Reservation:
        """Wait until this call is granted, however long that is, and return its reservation; `moment` says when.

        `tokens` is the estimate of input and output together, charged at once. `on_wait` is called when it begins to
        wait and whenever the reason changes, never when it goes straight through. Cancelling gives everything back.
        Trouble with Redis is a wait like any other.

        Raises:
            ValueError: no such lane, or a negative estimate.
        """
        if lane not in LANES:
            raise ValueError(f"lane must be one of {', '.join(LANES)}, got {lane!r}")
        if tokens < 0:
            raise ValueError(f"tokens must not be negative, got {tokens}")
        turnstile = self._turnstile(budget)
        return await turnstile.enter(limits, lane=LANES.index(lane), tokens=tokens, on_wait=on_wait)

    async def moment(self, reservation: Reservation) -> Reservation:
        """Wait until a granted call is to be sent, a few hundredths of a second at most, and return its reservation.

        Calls are granted somewhat ahead, so that what must be done before the call does not disturb its moment. If the
        gate closes meanwhile, as far as this process knows, the call waits anew and another reservation is returned.
        Cancelling gives everything back.
        """
        turnstile = self._turnstiles.get(reservation.budget)
        return reservation if turnstile is None else await turnstile.moment(reservation)

    def sent(self, reservation: Reservation, connecting_s: float = 0.0) -> None:
        """The call goes out now, its connection being open: what is late is so told to the calls after it.

        `connecting_s` went by since it was handed to the client.
        """
        turnstile = self._turnstiles.get(reservation.budget)
        if turnstile is not None:
            turnstile.sent(reservation, connecting_s)

    async def settle(self, reservation: Reservation, used_tokens: int | None) -> None:
        """The call was answered: charge what it used instead of the estimate (None keeps it) and free its place.

        Does not wait for Redis. An answer to a call granted after the last refusal ends the count of refusals.
        """
        self._leave(reservation, used=used_tokens, answered=True)

    async def refuse(self, reservation: Reservation, dimension: str, retry_after: float | None) -> float:
        """The provider refused for its limits: close the gate for the cluster and return for how many seconds.

        `dimension` is what it complained of: `requests` (1002), `tokens` (1039), `concurrency` (1041), `slope` (2045).
        The tokens and the place are given back; the request did go out and stays counted. Refusals of calls that were
        already under way when the gate closed count as one.
        """
        jitter = self._jitter()
        wait_us = -1.0 if retry_after is None else max(0.0, retry_after) * 1e6
        turnstile = self._turnstiles.get(reservation.budget)
        limits = turnstile.limits if turnstile else Limits()
        arguments: list[str | int | float] = [reservation.granted_at_us, wait_us, jitter, dimension, limits.burst_us]
        arguments += [gate.LONGEST_S * 1e6, gate.JITTER_SHARE, gate.LONGEST_RETRY_AFTER_S * 1e6]
        arguments += [limits.told(dimension), reservation.before.second_calls, *reservation.before.used(dimension)]
        try:
            closed_us, _ = await self._refuse(self._redis, (reservation.budget.state,), arguments)
            seconds = int(closed_us) / 1e6
        except UNAVAILABLE as exc:
            self._outage.away(exc)
            seconds = gate.wait(0, retry_after, jitter)
        finally:
            if turnstile is not None:
                turnstile.shut()
            # Only now: a place freed before the gate is closed would send the next call into the same refusal.
            self._leave(reservation, used=0)
        return seconds

    async def release(self, reservation: Reservation) -> None:
        """The call was not sent: give everything back."""
        self._leave(reservation, used=0, sent=False)

    def pace_by(self, budget: BudgetKey, limits: Limits) -> None:
        """Let these limits hold for those that wait already; calls to come bring their own."""
        if budget in self._turnstiles:
            self._turnstiles[budget].pace_by(limits)

    async def state(self, budget: BudgetKey) -> BudgetStatus:
        """Return what the cluster knows of a budget now.

        Raises:
            redis.RedisError, OSError: Redis is away.
        """
        return await read_status(self._redis, budget)

    async def close(self) -> None:
        """Turn away who waits, give back what is held, and stop listening. The Redis client stays the caller's."""
        await cancel(self._listener)
        self._listener = None
        for turnstile in self._turnstiles.values():
            await turnstile.close()
        if self._memory is not None:
            await self._memory.close()
        self._turnstiles.clear()
        self._by_tag.clear()

    def _turnstile(self, budget: BudgetKey) -> Turnstile:
        turnstile = self._turnstiles.get(budget)
        if turnstile is None:
            turnstile = Turnstile(
                budget,
                self._redis,
                self._admit,
                worker=self._worker,
                policy=self._policy,
                outage=self._outage,
                memory=self._memory,
                clock=self._clock,
                born=self._born,
            )
            self._turnstiles[budget] = self._by_tag[budget.tag] = turnstile
        if self._listener is None or self._listener.done():
            listening = listen(self._redis, self._worker, self._wake, self._outage)
            self._listener = asyncio.create_task(listening, name="admission wake-ups")
        return turnstile

    def _leave(self, reservation: Reservation, *, used: int | None, sent: bool = True, answered: bool = False) -> None:
        turnstile = self._turnstiles.get(reservation.budget)
        if turnstile is not None:  # after `close` everything has been given back already
            turnstile.leave(reservation, used=used, sent=sent, answered=answered)

    def _wake(self, tag: str) -> None:
        if tag in self._by_tag:
            self._by_tag[tag].wake()
