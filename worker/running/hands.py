"""The jobs in a worker's hands: claimed, running, and how they are put down.

A worker claims no more than it will soon be let to send: what it holds is out of reach of a pause, of a more urgent
lane and of other workers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping

from models.lane import Lane
from models.table import Row
from worker import trace
from worker.running.execution import Execution, Phase
from worker.running.hints import Hints
from worker.running.holding import Holding
from worker.running.place import Place
from worker.running.places import AHEAD_S, Places
from worker.running.restraint import Restraint
from worker.running.tools import Tools

log = logging.getLogger(__name__)

INTERACTIVE_SHARE = 4  # one call in four more may be made for interactive jobs when all others are busy


class Hands:
    """Claims what there is room for, and runs each job as a task of its own."""

    def __init__(self, hints: Hints, tools: Tools, calls: int) -> None:
        self.hints = hints
        self.tools = tools
        self.calls = calls
        self._executions: dict[asyncio.Task[None], Execution] = {}
        self._restraint = Restraint()
        self._places = Places(calls, self.reserve)
        self._asked = 0  # jobs whose claim is under way
        self._leaving: set[Holding] = set()  # answered, and only to be written
        self.hints.enough = calls

    def __len__(self) -> int:
        return len(self._executions)

    async def claim(self) -> None:
        """Claim jobs as hints and room come, until the hints are closed; urgent ones beside the others.

        Not to be cancelled: a claim that is being committed would leave jobs held that nobody runs.
        """
        await asyncio.gather(
            self._claim(self.hints.urgent, self._room_for_urgent, urgent=True),
            self._claim(self.hints.arrived, self._room_for_others, urgent=False),
        )

    async def _claim(self, arrived: asyncio.Event, room: Callable[[], Mapping[Lane, int]], *, urgent: bool) -> None:
        while True:
            await arrived.wait()
            if self.hints.closed:
                return
            arrived.clear()
            if ids := self.hints.take(room()):
                arrived.set()  # there may be more
                self._asked += len(ids)
                try:
                    rows = await self.tools.recorder.claim(ids, urgent=urgent)
                finally:
                    self._asked -= len(ids)
                for row in rows:
                    self._run(row)

    def _room_for_urgent(self) -> dict[Lane, int]:
        # What was claimed ahead gives way.
        free = self._free + max(self._ahead, self._places.waiting)
        return dict.fromkeys(Lane, 0) | {Lane.INTERACTIVE: free + self.reserve}

    def _room_for_others(self) -> dict[Lane, int]:
        room = min(self._free + self._ahead, self._restraint.room(time.monotonic()))
        # While no limit holds up a job, each free place may be filled at once.
        self.hints.enough = max(self._restraint.enough(), 0 if self._restraint.held_up else self._free)
        return dict.fromkeys(Lane, room) | {Lane.INTERACTIVE: 0}

    @property
    def _ahead(self) -> int:
        """How many jobs to claim beyond the places there are, to be ready when one becomes free."""
        return min(self.calls, self._restraint.admitted_in(AHEAD_S, time.monotonic()))

    @property
    def _free(self) -> int:
        return self.calls - (len(self) - len(self._leaving)) - self._asked

    @property
    def reserve(self) -> int:
        """How many interactive jobs may be taken beyond the calls that all lanes share."""
        return self.calls // INTERACTIVE_SHARE + 1

    def executions(self) -> frozenset[Execution]:
        """Return what runs now."""
        return frozenset(self._executions.values())

    def strays(self, known: Collection[Execution], holds: Mapping[str, int]) -> list[Execution]:
        """Return those of the known executions that still run although the worker `holds` their jobs no more.

        `known` must have been in hand before the ledger was asked for `holds`, ids with their fencing numbers.
        """
        return [
            execution
            for execution in self._executions.values()
            if execution in known
            and execution.phase is not Phase.RECORDING
            and holds.get(execution.row.id) != execution.row.claim
        ]

    async def let_go(self, strays: Collection[Execution], ended: Collection[str]) -> None:
        """End executions of jobs that were taken away; in mid-call only if their job has ended.

        If it has not, it was given to others while we were taken for dead: the call is paid for, and the first answer
        is used, whoever brings it.
        """
        waits = {execution for execution in strays if execution.phase is Phase.WAITING}
        calls = {execution for execution in strays if execution.phase is Phase.CALLING and execution.row.id in ended}
        if calls:
            log.warning("broke off %d calls: their jobs were cancelled or finished otherwise", len(calls))
        for execution in waits | calls:
            execution.let_go()
        await self._end(lambda execution: execution in waits | calls)

    async def empty(self, grace_s: float, hurry: asyncio.Event) -> None:
        """Hand back what waits, give calls under way `grace_s` seconds to be answered, then hand back the rest.

        As soon as there is a `hurry`, the grace is over.
        """
        for execution in self._executions.values():
            execution.stop()
        await self._end(lambda execution: execution.phase is Phase.WAITING)
        if self._executions:
            log.warning("stopping: %d calls under way, waiting up to %.0f s", len(self), grace_s)
            await self._wait(grace_s, hurry)
        while self._executions:
            await self._end(lambda execution: execution.phase is not Phase.RECORDING)
            if self._executions:
                await asyncio.wait([*self._executions], return_when=asyncio.FIRST_COMPLETED)

    async def _wait(self, seconds: float, hurry: asyncio.Event) -> None:
        ended = asyncio.create_task(asyncio.wait([*self._executions]))
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait([ended, hurried], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for waiting in (ended, hurried):
            waiting.cancel()

    async def _end(self, chosen: Callable[[Execution], bool]) -> None:
        tasks = [task for task, execution in self._executions.items() if chosen(execution)]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _run(self, row: Row) -> None:
        holding = Holding(row.id, row.claim)
        place = Place(
            soon=lambda: self._restraint.soon(row.model, time.monotonic()),
            take=lambda: self._places.take(holding, urgent=row.lane == Lane.INTERACTIVE),
            denied=lambda: self._restraint.denied(holding),
            granted=lambda: self._granted(holding, row.model),
            answered=lambda: self._answered(holding),
        )
        execution = Execution(row, self.tools, place)
        self._restraint.claimed(holding, row.model, time.monotonic())
        self.tools.telemetry.claimed(row.id, row.lane, row.model, row.attempts)
        task = asyncio.create_task(execution.run(), name=row.id)
        self._executions[task] = execution
        task.add_done_callback(self._ended)

    def _granted(self, holding: Holding, model: str) -> None:
        self._restraint.granted(holding, model, time.monotonic())
        self.hints.wake()

    def _answered(self, holding: Holding) -> None:
        self._leaving.add(holding)
        self._places.leave(holding)
        self.hints.wake()

    def _ended(self, task: asyncio.Task[None]) -> None:
        row = self._executions.pop(task).row
        holding = Holding(row.id, row.claim)
        self._leaving.discard(holding)
        self._places.leave(holding)
        self._restraint.ended(holding)
        self.hints.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job %s broke its execution: %s", task.get_name(), trace.of(error))
