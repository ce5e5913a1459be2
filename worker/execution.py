"""One job, from its claim to its end: this file tells the whole story of running it.

    claimed -> admitted -> begun -> called -> ended
                  ^                    |
                  +---- retry, limit --+

The attempt's row is committed before the call goes out, so a crash at any point leaves either no call or a row that
says one may have been made. Waiting (for admission, for the next try) and calling are the two phases in which the
engine may cancel an execution; whatever it was doing, the job then goes back to its lane with nothing spent.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from models.ledger import Finish, Start
from models.state import Edge
from models.table import Row, utcnow
from models.transitions import Failure, Hold
from worker import outcome, retry
from worker.admission.admission import Admission
from worker.admission.keys import BudgetKey
from worker.admission.reservation import Reservation, Wait
from worker.endings import Ending, Expired, Failed, HandedBack, Held, Succeeded
from worker.errors import CallFailed
from worker.estimate import OutputEstimate
from worker.pauses import Pauses
from worker.provider.account import Account
from worker.provider.classification import Action
from worker.provider.client import Client
from worker.provider.reply import Reply
from worker.record import Recorder
from worker.steering import Steering
from worker.telemetry import Telemetry


class Phase(Enum):
    """What an execution is doing, as far as the engine must know to stop it."""

    WAITING = auto()
    CALLING = auto()
    RECORDING = auto()


class TakenAway(Exception):
    """The job is no longer ours: cancelled, or rescued while this process was frozen."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all executions of a worker share."""

    worker_id: str
    account: Account
    steering: Steering
    client: Client
    admission: Admission
    recorder: Recorder
    pauses: Pauses
    estimate: OutputEstimate
    telemetry: Telemetry


class Execution:
    """Runs one claimed job. `row` has the columns `models.transitions.CLAIMED`."""

    def __init__(self, row: Row, tools: Tools) -> None:
        self.row = row
        self.tools = tools
        self.phase = Phase.WAITING
        self.attempts: int = row.attempts
        self.failures: int = row.failures
        self.claimed_at = self.ready_at = self.sent_at = time.monotonic()
        self._under_way = False  # between an attempt's first and last line in the ledger
        self._finish: Finish | None = None  # how the last attempt ended, until it is written

    async def run(self) -> None:
        """Bring the job to its end, or hand it back."""
        attempts = retry.retrying(failures=lambda: self.failures, before_wait=self._try_again, sleep=self._wait)
        try:
            request = json.loads(self.row.request)
            async for attempt in attempts:
                with attempt:
                    await self._attempt(request)
        except CallFailed as failed:
            await self._give_up(failed)
        except TimeoutError:
            await self._end(Expired(self._hold()))
        except TakenAway:
            return
        except asyncio.CancelledError:
            await self._hand_back()
        except Exception as exc:
            await self._break_down(exc)
            raise

    async def _attempt(self, request: dict[str, Any]) -> None:
        reservation = await self._admit(request)
        await self._begin(reservation)
        try:
            reply = await self._call(request)
        except CallFailed as failed:
            await self._refused(reservation, failed)
            raise
        except BaseException:
            await self.tools.admission.settle(reservation, None)
            raise
        await self._answered(reservation, reply)

    async def _admit(self, request: dict[str, Any]) -> Reservation:
        self.phase = Phase.WAITING
        async with asyncio.timeout(self._seconds_left()):
            budget = BudgetKey(self.tools.account.name, self.row.model)
            return await self.tools.admission.acquire(
                budget,
                self.tools.steering.limits(budget),
                lane=self.row.lane,
                tokens=self.row.prompt_tokens + self.tools.estimate.tokens(self.row.model, request),
                on_wait=self._tell_wait,
            )

    async def _begin(self, reservation: Reservation) -> None:
        self.phase = Phase.RECORDING
        start = Start(
            job_id=self.row.id,
            number=self.attempts + 1,
            claim=self.row.claim,
            worker_id=self.tools.worker_id,
            account=self.tools.account.name,
            api=self.tools.account.api,
            started_at=utcnow(),
            limited_s=time.monotonic() - self.ready_at,
        )
        if not await self.tools.recorder.begin(start):
            await self.tools.admission.release(reservation)
            raise TakenAway
        self.attempts += 1
        self._under_way = True
        self.tools.telemetry.started(self.row.id)

    async def _call(self, request: dict[str, Any]) -> Reply:
        self.phase = Phase.CALLING
        self.sent_at = time.monotonic()
        try:
            return await self.tools.client.complete(request)
        finally:
            self.phase = Phase.RECORDING

    async def _answered(self, reservation: Reservation, reply: Reply) -> None:
        total = reply.usage.total_tokens if reply.usage else None
        self.tools.estimate.learn(self.row.model, reply.usage)
        await self.tools.admission.settle(reservation, total)
        if await self._end(Succeeded(self._hold()), outcome.answered(self.row.id, self.attempts, reply)):
            await self.tools.pauses.lift()
            seconds = time.monotonic() - self.claimed_at
            self.tools.telemetry.succeeded(self.row.id, seconds, f"{total} tokens, request {reply.request_id}")

    async def _refused(self, reservation: Reservation, failed: CallFailed) -> None:
        verdict = failed.verdict
        self.ready_at = time.monotonic()
        if verdict.action is Action.SNOOZE:
            dimension = verdict.dimension or "requests"
            await self.tools.admission.refuse(reservation, dimension, failed.refusal.retry_after)
        else:
            await self.tools.admission.settle(reservation, None)
        if verdict.action in {Action.RETRY, Action.FAIL}:
            self.failures += 1
        self._finish = outcome.refused(self.row.id, self.attempts, failed, self.ready_at - self.sent_at)

    async def _try_again(self, failed: BaseException, seconds: float) -> None:
        await self._end(Held(self._hold()), self._take_finish())
        if seconds:
            self.tools.telemetry.retried(self.row.id, failed, seconds)

    async def _wait(self, seconds: float) -> None:
        self.phase = Phase.WAITING
        async with asyncio.timeout(self._seconds_left()):
            await asyncio.sleep(seconds)

    async def _give_up(self, failed: CallFailed) -> None:
        if failed.verdict.action is Action.PAUSE:
            await self.tools.pauses.pause(failed.verdict)
            await self._end(HandedBack(self._hold(), Edge.SNOOZE), self._take_finish())
        elif await self._end(Failed(self._hold(), outcome.failure(failed)), self._take_finish()):
            self.tools.telemetry.failed(self.row.id, failed)

    async def _hand_back(self) -> None:
        finish = outcome.abandoned(self.row.id, self.attempts) if self._under_way else None
        await self._end(HandedBack(self._hold(), Edge.RELEASE), finish)

    async def _break_down(self, error: Exception) -> None:
        remedy = "this is a fault of the queue itself: report it with the worker's log, then `mmq retry` the job"
        finish = outcome.broken(self.row.id, self.attempts, error) if self._under_way else None
        if await self._end(Failed(self._hold(), Failure("internal_error", type(error).__name__, remedy)), finish):
            self.tools.telemetry.failed(self.row.id, f"internal_error, {type(error).__name__}")

    async def _end(self, ending: Ending, finish: Finish | None = None) -> bool:
        self.phase = Phase.RECORDING
        moved = await self.tools.recorder.end(ending, finish)
        if finish is not None:
            self._under_way = False
        return moved

    def _take_finish(self) -> Finish | None:
        finish, self._finish = self._finish, None
        return finish

    def _hold(self) -> Hold:
        return Hold(self.row.id, self.row.claim, self.attempts, self.failures)

    def _seconds_left(self) -> float | None:
        return None if self.row.deadline is None else float((self.row.deadline - utcnow()).total_seconds())

    def _tell_wait(self, wait: Wait) -> None:
        self.tools.telemetry.throttled(self.row.id, wait.dimension, wait.seconds)
