"""The engine: one asyncio loop on a thread of its own, which runs many jobs at a time in one process.

Celery's threads bring hints and leave at once; the engine claims what it has room for, runs each job as an
`Execution`, and keeps the lease, the feeding and the recording going beside them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Sequence

from models import feeding, leases
from models.identity import new_id
from models.lane import Lane
from models.table import utcnow
from worker import lease, liveness
from worker.execution import Execution, Phase
from worker.feed import Publish
from worker.hints import Hints
from worker.settings import Settings
from worker.stand import Stand
from worker.telemetry import Telemetry

log = logging.getLogger(__name__)

INTERACTIVE_SHARE = 4  # one call in four more may be made for interactive jobs when all others are busy


class Engine:
    """Runs jobs for one worker process. `accept` may be called from any thread."""

    def __init__(
        self, settings: Settings, *, name: str, lanes: Sequence[str], publish: Publish, telemetry: Telemetry
    ) -> None:
        self.settings = settings
        self.name = name
        self.lanes = tuple(lane for lane in Lane if lane in lanes)
        self.publish = publish
        self.telemetry = telemetry
        self.worker_id = new_id()
        self._executions: dict[asyncio.Task[None], Execution] = {}
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._hints: Hints
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        self._grace_s = 0.0

    def start(self) -> None:
        """Start the loop and register the worker. Returns when jobs can be accepted, raises why they cannot."""
        self.telemetry.start()
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def accept(self, lane: str, ids: Sequence[str]) -> None:
        """Take note that these jobs may be claimed."""
        self._hints.put(lane, ids)

    def stop(self, grace_s: float) -> None:
        """Claim nothing more, hand back what was not sent, give calls under way `grace_s` seconds, then end."""
        if self._thread.is_alive():
            self._grace_s = grace_s
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self.telemetry.close()

    @property
    def in_hand(self) -> int:
        """How many jobs this worker holds."""
        return len(self._executions)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as exc:
            self._error = exc
            if self._ready.is_set():
                # Without its engine the worker would take messages and do nothing; its supervisor starts it anew.
                log.critical("the engine stopped", exc_info=True)
                os.kill(os.getpid(), signal.SIGTERM)
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._hints = Hints(self._loop)
        lock = liveness.hold(self.settings.home, self.worker_id)
        try:
            async with Stand(self.settings, self.worker_id, self.publish, self.telemetry) as stand:
                await stand.recorder.submit(lambda connection: lease.register(connection, self._row()))
                self._ready.set()
                keepers = [
                    asyncio.create_task(self._claim(stand), name="claim"),
                    asyncio.create_task(self._keep_lease(stand), name="lease"),
                    asyncio.create_task(stand.feeder.run(), name="feed"),
                    asyncio.create_task(self._stopping.wait(), name="stop"),
                ]
                done, _ = await asyncio.wait([*keepers, stand.recording], return_when=asyncio.FIRST_COMPLETED)
                lock.release()
                if stand.recording not in done:  # without it nothing can be handed back, and leases will do it
                    await self._drain(stand, keepers)
                for task in done:
                    task.result()  # one that ended by an error ends the engine by it
        finally:
            lock.release()

    async def _claim(self, stand: Stand) -> None:
        calls = self.settings.calls
        while True:
            await self._hints.arrived.wait()
            self._hints.arrived.clear()
            free = calls - len(self._executions)
            ids = self._hints.take(free, free + calls // INTERACTIVE_SHARE + 1)
            if not ids:
                continue
            self._hints.arrived.set()  # there may be more
            for row in await stand.recorder.claim(ids):
                execution = Execution(row, stand.tools)
                self.telemetry.claimed(row.id, row.lane, row.model, row.attempts)
                task = asyncio.create_task(execution.run(), name=row.id)
                self._executions[task] = execution
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._executions[task]
        self._hints.arrived.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job %s broke its execution: %s", task.get_name(), type(error).__name__, exc_info=error)

    async def _keep_lease(self, stand: Stand) -> None:
        while True:
            beat = await stand.recorder.submit(lambda connection: lease.beat(connection, self.worker_id))
            stand.tools.pauses.see(beat.pauses)
            if not beat.renewed:
                # Frozen for longer than the lease: the jobs were given away. Calls under way may still bring answers.
                log.warning("the lease had run out; its jobs went to others")
                await self._stop_executions(Phase.WAITING)
                await stand.recorder.submit(lambda connection: lease.register(connection, self._row()))
            await asyncio.sleep(lease.HEARTBEAT_S)

    async def _drain(self, stand: Stand, keepers: Sequence[asyncio.Task[object]]) -> None:
        left = self._hints.close()
        for keeper in keepers:
            if keeper.get_name() != "lease":
                keeper.cancel()
        await self._stop_executions(Phase.WAITING)
        if self._executions:
            log.warning("stopping: %d calls under way, waiting up to %.0f s", len(self._executions), self._grace_s)
            await asyncio.wait([*self._executions], timeout=self._grace_s)
        await self._stop_executions(Phase.CALLING)
        while self._executions:
            await asyncio.wait([*self._executions])
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        if left:
            await stand.recorder.submit(lambda connection: feeding.unfeed(connection, left))
        # Nothing is held any more; whatever a fault left is given back here.
        await stand.recorder.submit(lambda connection: leases.bury(connection, [self.worker_id], utcnow()))

    async def _stop_executions(self, phase: Phase) -> None:
        chosen = [task for task, execution in self._executions.items() if execution.phase is phase]
        for task in chosen:
            task.cancel()
        if chosen:
            await asyncio.wait(chosen)

    def _row(self) -> dict[str, object]:
        return {
            "id": self.worker_id,
            "name": self.name,
            "pid": os.getpid(),
            "lanes": ",".join(self.lanes),
            "capacity": self.settings.calls,
        }
