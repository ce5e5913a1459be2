"""One job, from its claim to its end: this file tells the whole story of running it.

    claimed -> admitted -> begun -> called -> ended
                  ^                    |
                  +---- retry, limit --+

The attempt's row is committed before the call goes out, so a crash at any point leaves either no call or a row that
says one may have been made. Where admission is a matter of a moment the row is written first: no place among the calls
in flight then stands empty for the time of a commit. Waiting (for admission, for the next try) and calling are the two
phases in which the engine may cancel an execution; whatever it was doing, the job then goes back to its lane with
nothing spent. A call is sent only for a job that was ours a moment ago.
"""

from __future__ import annotations

import asyncio
import json
import time
from enum import Enum, auto
from typing import Any

from models.lane import Lane
from models.ledger import Finish, Start
from models.state import Edge
from models.table import Row, utcnow
from models.transitions import Failure, Hold
from worker.admission.reservation import Wait
from worker.errors import CallFailed
from worker.provider.classification import Action
from worker.provider.reply import Reply
from worker.routing.desk import Desk, Grant
from worker.routing.routes import AllPaused, NotServed
from worker.running import outcome, retry
from worker.running.deadline import until
from worker.running.endings import Ending, Expired, Failed, HandedBack, Held, Succeeded
from worker.running.outcome import Abandoned
from worker.running.ownership import Ownership, Unsure
from worker.running.place import Place
from worker.running.tools import Tools


class Phase(Enum):
    """What an execution is doing, as far as the engine must know to stop it."""

    WAITING = auto()
    CALLING = auto()
    RECORDING = auto()


class TakenAway(Exception):
    """The job is no longer ours: cancelled, or rescued while this process was frozen."""


class Stopping(Exception):
    """The worker stops, and nothing more is sent."""


class Execution:
    """Runs one claimed job. `row` has the columns `models.transitions.CLAIMED`."""

    def __init__(self, row: Row, tools: Tools, place: Place) -> None:
        self.row = row
        self.tools = tools
        self.place = place
        self.phase = Phase.WAITING
        self.attempts: int = row.attempts
        self.failures: int = row.failures
        self.claimed_at = self.ready_at = self.sent_at = time.monotonic()
        self._stopping = self._taken = False  # what the engine told
        self._under_way = False  # between an attempt's first and last line in the ledger
        self._sent = False  # of the attempt under way
        self._limited_s: float | None = None  # how long limits held it, once it is to be sent
        self._ownership = Ownership(row, tools)
        self._finish: Finish | None = None  # how the last attempt ended, until it is written

    def stop(self) -> None:
        """Send nothing more. A call under way may be answered; the engine cancels what waits."""
        self._stopping = True

    def let_go(self) -> None:
        """Take note that the job is not ours any more; the engine cancels next, and the attempt alone is closed."""
        self._taken = True

    async def run(self) -> None:
        """Bring the job to its end, or hand it back."""
        try:
            request = json.loads(self.row.request)
            await retry.persistently(
                lambda: self._attempt(request),
                failures=lambda: self.failures,
                before_wait=self._try_again,
                sleep=self._wait,
            )
        except CallFailed as failed:
            await self._give_up(failed)
        except TimeoutError:
            await self._end(Expired(self._hold()), self._abandon(Abandoned.DEADLINE))
        except AllPaused as paused:
            await self._end(HandedBack(self._hold(), Edge.SNOOZE, paused.until), self._abandon(Abandoned.UNSENT))
            await self.tools.pauses.sent_back(self.row.id, paused.accounts)
        except NotServed:
            await self._refuse_service()
        except TakenAway:
            await self._part()
        except (asyncio.CancelledError, Stopping, Unsure):
            await (self._part() if self._taken else self._hand_back())
        except Exception as exc:
            await self._break_down(exc)
            raise

    async def _attempt(self, request: dict[str, Any]) -> None:
        # One that comes again waits for what refused it, nobody knows how long. And if a worker died with it begun, the
        # next loss is to count against the job only if its call was about to go out.
        first = not self.attempts
        desk = self.tools.routes.only(self.row.model) if first and self.place.soon() else None
        if desk is not None:
            await self._begin(desk)
        grant = await self._admit(request)
        self.place.granted()
        if desk is None:
            try:
                await self._begin(grant.desk)
            except TakenAway:
                await grant.release()
                raise
        grant = await self._await_moment(grant)
        self._limited_s = time.monotonic() - self.ready_at
        await self._make_sure(grant)
        try:
            reply = await self._call(grant, request)
        except CallFailed as failed:
            await self._refused(grant, failed)
            raise
        except BaseException:
            await grant.settle(None)
            raise
        await self._answered(grant, reply)

    async def _admit(self, request: dict[str, Any]) -> Grant:
        self._begin_waiting()
        async with until(self.row.deadline):
            if await self.place.take():
                self.ready_at = time.monotonic()  # what it waited for until here was no limit
            return await self.tools.routes.acquire(
                self.row.model,
                lane=self.row.lane,
                tokens=self.row.prompt_tokens + self.tools.estimate.tokens(self.row.model, request),
                on_wait=self._tell_wait,
            )

    async def _begin(self, desk: Desk) -> None:
        self.phase = Phase.RECORDING
        start = Start(
            job_id=self.row.id,
            number=self.attempts + 1,
            claim=self.row.claim,
            worker_id=self.tools.worker_id,
            account=desk.name,
            api=desk.payer.account.api,
            started_at=utcnow(),
            limited_s=time.monotonic() - self.ready_at,
        )
        self._ownership.asking()
        if not await self.tools.recorder.begin(start, urgent=self.row.lane == Lane.INTERACTIVE):
            raise TakenAway
        self.attempts += 1
        self._under_way, self._sent, self._limited_s = True, False, None

    async def _await_moment(self, grant: Grant) -> Grant:
        self.phase = Phase.WAITING
        async with until(self.row.deadline):  # the gate may close meanwhile
            return await self.tools.routes.moment(grant)

    async def _make_sure(self, grant: Grant) -> None:
        """Return when the call may be sent: the job is ours, and the worker goes on."""
        self.phase = Phase.RECORDING
        try:
            if self._stopping:
                raise Stopping
            if not await self._ownership.holds():
                raise TakenAway
        except BaseException:
            await grant.release()
            raise

    async def _call(self, grant: Grant, request: dict[str, Any]) -> Reply:
        def sent() -> None:
            grant.sent(time.monotonic() - self.sent_at)

        complete = grant.desk.client.complete
        self.phase = Phase.CALLING
        self._sent = True
        self.sent_at = time.monotonic()
        self.tools.telemetry.started(self.row.id)
        try:
            if not request.get("stream"):
                return await complete(request, on_sent=sent)
            with self.tools.broadcast.call(self.row.id, self.attempts) as take:
                return await complete(request, take, on_sent=sent)
        finally:
            self.phase = Phase.RECORDING

    async def _answered(self, grant: Grant, reply: Reply) -> None:
        total = reply.usage.total_tokens if reply.usage else None
        self.tools.estimate.learn(self.row.model, reply.usage)
        await grant.settle(total)
        self.place.answered()
        finish = outcome.answered(self.row.id, self.attempts, reply, self._limited_s)
        if await self._end(Succeeded(self._hold()), finish):
            await self.tools.pauses.lift(grant.desk.name)
            seconds = time.monotonic() - self.claimed_at
            self.tools.telemetry.succeeded(self.row.id, seconds, f"{total} tokens, request {reply.request_id}")

    async def _refused(self, grant: Grant, failed: CallFailed) -> None:
        verdict = failed.verdict
        self.ready_at = time.monotonic()
        if verdict.action is Action.SNOOZE:
            dimension = verdict.dimension or "requests"
            await grant.refuse(dimension, failed.refusal.retry_after)
        else:
            await grant.settle(None)
        if verdict.action in {Action.RETRY, Action.FAIL}:
            self.failures += 1
        seconds = self.ready_at - self.sent_at
        self._finish = outcome.refused(self.row.id, self.attempts, failed, seconds, self._limited_s)
        if verdict.action is Action.PAUSE:
            await self.tools.pauses.pause(grant.desk.name, verdict)

    async def _try_again(self, failed: BaseException, seconds: float) -> None:
        await self._end(Held(self._hold()), self._take_finish())
        if seconds:
            self.tools.telemetry.retried(self.row.id, failed, seconds)

    def _begin_waiting(self) -> None:
        if self._stopping:
            raise Stopping
        self.phase = Phase.WAITING

    async def _wait(self, seconds: float) -> None:
        self._begin_waiting()
        async with until(self.row.deadline):
            await asyncio.sleep(seconds)

    async def _give_up(self, failed: CallFailed) -> None:
        if await self._end(Failed(self._hold(), outcome.failure(failed)), self._take_finish()):
            self.tools.telemetry.failed(self.row.id, failed)

    async def _refuse_service(self) -> None:
        message = f"no account serves the model {self.row.model}"
        remedy = "give it to an account in mmq.toml, start the workers anew, then `mmq retry` the job"
        if await self._end(Failed(self._hold(), Failure("no_account", message, remedy))):
            self.tools.telemetry.failed(self.row.id, f"no_account, {message}")

    async def _hand_back(self) -> None:
        finish = self._take_finish() or self._abandon(Abandoned.SHUTDOWN if self._sent else Abandoned.UNSENT)
        await self._end(HandedBack(self._hold(), Edge.RELEASE), finish)

    async def _part(self) -> None:
        finish = self._abandon(Abandoned.TAKEN_AWAY if self._sent else Abandoned.UNSENT)
        if finish is not None:
            await self._end(Held(self._hold()), finish)

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

    def _abandon(self, code: Abandoned) -> Finish | None:
        return outcome.abandoned(self.row.id, self.attempts, code) if self._under_way else None

    def _take_finish(self) -> Finish | None:
        finish, self._finish = self._finish, None
        return finish

    def _hold(self) -> Hold:
        return Hold(self.row.id, self.row.claim, self.attempts, self.failures)

    def _tell_wait(self, wait: Wait) -> None:
        self.place.denied()
        self.tools.telemetry.throttled(self.row.id, wait.dimension, wait.seconds)
