"""One budget as one worker process sees it: who waits, who is through, and one question to Redis at a time.

While a question is under way everything else gathers: arrivals, answers and cancellations travel together in the next.
A busy process so makes few round trips, and a paced one makes one a grant: a waiting turnstile sleeps until the moment
it was told, unless something happens that could change the answer.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

from redis.asyncio import Redis

from worker.admission.cancel import cancel
from worker.admission.clock import RedisClock
from worker.admission.decision import Answer, Question
from worker.admission.keys import LANES, BudgetKey
from worker.admission.learning import Lessons
from worker.admission.limits import Limits, Policy
from worker.admission.memory import Memory
from worker.admission.moments import Moments
from worker.admission.outage import UNAVAILABLE, Outage
from worker.admission.reservation import Crowd, Reservation, Wait
from worker.admission.scripts import Script
from worker.admission.waiters import Waiter, Waiters

_numbers = itertools.count(1)


class Turnstile:
    """Admits the calls of one process to one budget. Use it from one event loop."""

    def __init__(
        self,
        budget: BudgetKey,
        redis: Redis,
        script: Script,
        *,
        worker: str,
        policy: Policy,
        outage: Outage,
        memory: Memory | None,
        clock: RedisClock,
        born: float,
    ) -> None:
        """Ask nothing yet. The worker was `born` at that moment of the loop's clock."""
        self._budget, self._redis, self._script, self._clock = budget, redis, script, clock
        self._worker, self._policy, self._outage, self._born = worker, policy, outage, born
        self._limits = Limits()
        self._waiters = Waiters()
        self._through: dict[int, int] = {}  # reservation -> the question that brought it
        self._returned = self._returned_us = self._correction = self._answered_at_us = self._epoch = 0
        self._memory, self._learned = memory, ""
        self._standing: Wait | None = None
        self._ask_at = 0.0
        self._changed = asyncio.Event()
        self._moments = Moments(policy.ahead_s)
        self._task: asyncio.Task[None] | None = None

    @property
    def limits(self) -> Limits:
        """The limits given last."""
        return self._limits

    async def enter(
        self,
        limits: Limits,
        *,
        lane: int,
        tokens: int,
        on_wait: Callable[[Wait], None] | None,
        anew: bool = False,
    ) -> Reservation:
        """Return when the call is granted, in turn, or `anew` before the others; the limits given last hold for all."""
        self._limits = limits
        waiter = Waiter(lane, tokens, asyncio.get_running_loop().create_future(), on_wait, anew)
        outranks = not any(self._waiters.counts()[: lane + 1])
        self._waiters.add(waiter)
        if self._standing is None or outranks:
            self._changed.set()
        if self._standing is not None:
            waiter.tell(self._standing)
        self._ensure_running()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._waiters.discard(waiter)
            if waiter.future.done() and not waiter.future.cancelled():
                self.leave(waiter.future.result(), used=0, sent=False)
            elif not self._waiters.counts()[lane]:
                self._changed.set()  # others must not yield to a lane that has nobody
            raise

    async def moment(self, reservation: Reservation) -> Reservation:
        """Return at the reservation's moment; if the gate closed first it is given back, and the call waits anew."""
        self._moments.ready(reservation)
        try:
            while (question := self._through.get(reservation.number)) is not None:
                if await self._moments.come(reservation, question):
                    break
                self.leave(reservation, used=0, sent=False)
                lane, limits = LANES.index(reservation.lane), self._limits
                reservation = await self.enter(limits, lane=lane, tokens=reservation.tokens, on_wait=None, anew=True)
        except BaseException:
            self.leave(reservation, used=0, sent=False)  # the one it has now: the caller knows the first alone
            raise
        return reservation

    def sent(self, reservation: Reservation, connecting_s: float) -> None:
        """Take note that the call goes out now: one that is late puts the later ones of the cluster off."""
        if reservation.epoch != self._epoch:
            return
        by_second = Lessons.from_text(self._learned).requests.window_s == 1
        if self._moments.sent(reservation, connecting_s, by_second=by_second):
            self._changed.set()

    def shut(self) -> None:
        """Take note that the gate has closed."""
        self._moments.close()

    def leave(self, reservation: Reservation, *, used: int | None, sent: bool = True, answered: bool = False) -> None:
        """Take a reservation back and tell Redis with the next question, at once. `used` None keeps the estimate."""
        if reservation.number not in self._through:
            return
        del self._through[reservation.number]
        if reservation.epoch == self._epoch:  # a flushed budget owes nothing to those before
            if not sent:
                self._returned += 1
                self._returned_us = max(self._returned_us, reservation.moment_us)
            self._correction += 0 if used is None else used - reservation.tokens
            if answered:
                self._answered_at_us = max(self._answered_at_us, reservation.granted_at_us)
        self._changed.set()

    def pace_by(self, limits: Limits) -> None:
        """Let other limits hold for all that wait, at once."""
        self._limits = limits
        self._changed.set()

    def wake(self) -> None:
        """Ask again now: another worker made room."""
        self._changed.set()

    async def close(self) -> None:
        """Stop, turn away who waits, and tell Redis that this worker holds nothing here."""
        await cancel(self._task)
        for waiter in self._waiters:
            waiter.future.cancel()
            self._waiters.discard(waiter)
        self._through.clear()
        if self._epoch:
            try:
                await self._put(self._question(([], [], [])))
            except UNAVAILABLE as exc:
                self._outage.away(exc)  # the lease ends by itself

    def _ensure_running(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"admission {self._budget.tag}")
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        # Only a defect ends the task by itself; those who wait must hear of it instead of hanging.
        if not task.cancelled() and (defect := task.exception()) is not None:
            for waiter in self._waiters:
                self._waiters.discard(waiter)
                if not waiter.future.done():
                    waiter.future.set_exception(defect)

    async def _run(self) -> None:
        if self._memory is not None:
            self._learned = await self._memory.load(self._budget)
        while True:
            await self._until_worth_asking()
            self._changed.clear()
            asked = self._waiters.first(self._policy.batch)
            question = self._question(asked)
            try:
                answer = await self._put(question)
            except UNAVAILABLE as exc:
                self._keep_charges(question)
                seconds = self._outage.away(exc)
                self._deny(Wait("redis", seconds))
                await asyncio.sleep(seconds)
                self._ask_at = 0.0
            else:
                self._outage.back()
                self._apply(question, asked, answer)

    async def _until_worth_asking(self) -> None:
        if not self._waiters and not self._through:
            await self._changed.wait()
            return
        delay = self._policy.heartbeat_s
        if self._waiters:
            delay = min(delay, self._ask_at - asyncio.get_running_loop().time())
        if delay > 0:
            try:
                async with asyncio.timeout(delay):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _question(self, asked: tuple[list[Waiter], list[Waiter], list[Waiter]]) -> Question:
        interactive, default, bulk = ([waiter.tokens for waiter in lane] for lane in asked)
        question = Question(
            worker=self._worker,
            epoch=self._epoch,
            held=len(self._through),
            waiting=self._waiters.counts(),
            asks=(interactive, default, bulk),
            limits=self._limits,
            returned=self._returned,
            returned_us=self._returned_us,
            correction=self._correction,
            answered_at_us=self._answered_at_us,
            ahead_us=self._moments.lead_us,
            late_us=self._moments.late_us,
            lived_us=0 if self._epoch else int((asyncio.get_running_loop().time() - self._born) * 1e6),
            learned=self._learned,
        )
        self._returned = self._returned_us = self._correction = 0
        self._moments.question += 1
        return question

    async def _put(self, question: Question) -> Answer:
        arguments = question.arguments(self._budget, self._policy)
        loop = asyncio.get_running_loop()
        sent = loop.time()
        answer = Answer.from_reply(await self._script(self._redis, self._budget.all, arguments))
        self._clock.heard(answer.now_us, sent, loop.time())
        return answer

    def _keep_charges(self, question: Question) -> None:
        # Whether the script ran is unknown: a charge made twice costs a moment, a refund made twice breaks the limit.
        self._correction += max(0, question.correction)

    def _apply(
        self, question: Question, asked: tuple[list[Waiter], list[Waiter], list[Waiter]], answer: Answer
    ) -> None:
        if answer.epoch != self._epoch:
            self._moments.begin_anew()
        self._epoch, self._learned = answer.epoch, answer.learned
        # Where the clock of Redis was set back, an answer of before would end each refusal until it is there again.
        self._answered_at_us = min(self._answered_at_us, answer.now_us)
        if self._memory is not None:
            self._memory.note(self._budget, answer.learned)
        before = answer.before
        through = [waiter for lane, count in zip(asked, answer.granted, strict=True) for waiter in lane[:count]]
        for waiter, delay_us in zip(through, answer.delays_us, strict=True):
            self._let_through(waiter, answer, delay_us, before)
            before = before.joined(waiter.tokens)
        if answer.dimension == "gate":
            self.shut()
        if answer.dimension is None:
            self._standing = None
        else:
            self._deny(Wait(answer.dimension, answer.wait_us / 1e6))
        self._ask_at = asyncio.get_running_loop().time() + answer.wait_us / 1e6
        highest = next((lane for lane, count in enumerate(self._waiters.counts()) if count), None)
        if highest is not None and not any(question.waiting[: highest + 1]):
            self._changed.set()  # somebody more urgent came while the question was under way

    def _let_through(self, waiter: Waiter, answer: Answer, delay_us: int, before: Crowd) -> None:
        self._waiters.discard(waiter)
        reservation = Reservation(
            number=next(_numbers),
            budget=self._budget,
            lane=LANES[waiter.lane],
            tokens=waiter.tokens,
            granted_at_us=answer.now_us,
            moment_us=answer.now_us + delay_us,
            shift_us=answer.shift_us,
            granted_at=self._clock.loop_time(answer.now_us),
            send_at=self._clock.loop_time(answer.now_us + delay_us),
            epoch=answer.epoch,
            before=before,
        )
        self._through[reservation.number] = self._moments.question
        if waiter.future.done():  # cancelled while the question was under way
            self.leave(reservation, used=0, sent=False)
        else:
            waiter.future.set_result(reservation)

    def _deny(self, wait: Wait) -> None:
        news = self._standing is None or self._standing.dimension != wait.dimension
        self._standing = wait
        if news:
            for waiter in self._waiters:
                waiter.tell(wait)
