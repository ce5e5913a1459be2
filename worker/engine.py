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
from contextlib import suppress
from typing import Any

from models import leases
from models.identity import new_id
from models.lane import Lane
from worker import outage, trace
from worker.feeding.feed import Publish
from worker.recording import lease, liveness
from worker.running.execution import Execution
from worker.running.hands import Hands
from worker.running.hints import Hints
from worker.settings import Settings
from worker.stand import Stand
from worker.telemetry import Telemetry

log = logging.getLogger(__name__)

DATABASE_PATIENCE_S = 5.0  # for one commit at a stop; what is not recorded by then is left in the spool


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
        self.stopping = False  #: it was told to stop
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._hints: Hints
        self._hands: Hands
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping, self._hurry = asyncio.Event(), asyncio.Event()
        self._grace_s = 0.0

    def start(self) -> None:
        """Start the loop and register the worker. Returns when jobs can be accepted, raises why they cannot.

        Waits for a database that is away. Told to stop meanwhile, it returns, and accepts nothing.
        """
        self.telemetry.start()
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def accept(self, lane: str, ids: Sequence[str]) -> None:
        """Take note that these jobs may be claimed."""
        self._hints.put(lane, ids)

    def begin_stop(self, grace_s: float) -> None:
        """Claim nothing more, hand back what was not sent, give calls under way `grace_s` seconds; return at once."""
        self._grace_s, self.stopping = grace_s, True  # before the loop is looked for: see `_main`
        self._tell(self._stopping)

    def hasten(self) -> None:
        """Let the grace of a stop, also of one to come, be over; return at once."""
        self._tell(self._hurry)

    def stop(self, grace_s: float) -> None:
        """Do what `begin_stop` does, and return when it is done."""
        self.begin_stop(grace_s)
        self._thread.join()
        self.telemetry.close()

    @property
    def failed(self) -> bool:
        """Whether it ended by an error. For any thread."""
        return self._error is not None

    @property
    def full(self) -> bool:
        """Whether it has jobs enough of the lanes that can wait. For any thread."""
        return self._hints.full

    @property
    def in_hand(self) -> int:
        """How many jobs this worker holds."""
        return len(self._hands)

    def _tell(self, event: asyncio.Event) -> None:
        if self._loop is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # it has just ended by itself
                self._loop.call_soon_threadsafe(event.set)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as exc:
            self._error = exc
            if self._ready.is_set():
                # Without its engine the worker would take messages and do nothing; its supervisor starts it anew.
                log.critical("the engine stopped by %s\n%s", outage.brief(exc), trace.of(exc))
                os.kill(os.getpid(), signal.SIGTERM)
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self.stopping:  # it was told so before there was a loop to tell
            self._stopping.set()
        self._hints = Hints(self._loop)
        lock = liveness.hold(self.settings.home, self.worker_id)
        try:
            async with Stand(self.settings, self.worker_id, self.publish, self.telemetry) as stand:
                self._hands = Hands(self._hints, stand.tools, self.settings.calls)
                if await self._registered(stand):
                    self._ready.set()
                    await self._serve(stand, lock)
                else:
                    self._hints.close()
        finally:
            lock.release()

    async def _registered(self, stand: Stand) -> bool:
        """Register the worker. False: it was told to stop before the database was there."""
        register = asyncio.create_task(
            stand.recorder.submit(lambda connection: lease.register(connection, self._row())), name="register"
        )
        stop = asyncio.create_task(self._stopping.wait(), name="stop")
        await asyncio.wait([register, stop], return_when=asyncio.FIRST_COMPLETED)
        done = register.done()
        await end_tasks([register, stop])
        if done:
            register.result()
        return done

    async def _serve(self, stand: Stand, lock: liveness.Hold) -> None:
        """Work until told to stop, or until one of the tasks that work needs has ended by an error."""
        keep_lease = asyncio.create_task(self._keep_lease(stand), name="lease")
        claiming = asyncio.create_task(self._hands.claim(), name="claim")
        workers = [
            asyncio.create_task(stand.feeder.run(), name="feed"),
            asyncio.create_task(stand.replay.run(), name="replay"),
            asyncio.create_task(stand.tools.broadcast.listen(), name="followers"),
            asyncio.create_task(stand.tools.broadcast.tell(), name="broadcast"),
            asyncio.create_task(self._stopping.wait(), name="stop"),
        ]
        done, _ = await asyncio.wait(
            [claiming, *workers, keep_lease, stand.recording], return_when=asyncio.FIRST_COMPLETED
        )
        lock.release()
        stand.recorder.give_up_after(DATABASE_PATIENCE_S)
        left = self._hints.close()
        await asyncio.wait([claiming])  # what it has just claimed is run, to be handed back with the rest
        await end_tasks(workers)
        if stand.recording not in done:  # without it nothing can be handed back, and the lease's end will do it
            await self._hands.empty(self._grace_s, self._hurry)
            await end_tasks([keep_lease])
            with suppress(asyncio.CancelledError):  # the database is away: the lease will run out by itself
                most = self.settings.quarantine_after
                await stand.recorder.submit(lambda connection: lease.leave(connection, self.worker_id, left, most))
        for task in done:
            task.result()  # one that ended by an error ends the engine by it

    async def _keep_lease(self, stand: Stand) -> None:
        while True:
            known = self._hands.executions()  # what is claimed from here on, the ledger's answer may not know
            beat = await stand.recorder.submit(lambda connection: lease.beat(connection, self.worker_id))
            stand.tools.pauses.see(beat.pauses)
            stand.tools.steering.see(beat.set_limits)
            if not beat.renewed:
                # Frozen for longer than the lease: the jobs were given away. Calls under way may still bring answers.
                log.warning("the lease had run out; its jobs went to others")
                await stand.recorder.submit(lambda connection: lease.register(connection, self._row()))
            if strays := self._hands.strays(known, beat.holds):
                await self._let_go(stand, strays)
            await asyncio.sleep(lease.HEARTBEAT_S)

    async def _let_go(self, stand: Stand, strays: Sequence[Execution]) -> None:
        ids = [execution.row.id for execution in strays]
        ended = await stand.recorder.submit(lambda connection: leases.ended(connection, ids))
        await self._hands.let_go(strays, ended)

    def _row(self) -> dict[str, object]:
        return {
            "id": self.worker_id,
            "name": self.name,
            "pid": os.getpid(),
            "lanes": ",".join(self.lanes),
            "capacity": self.settings.calls,
        }


async def end_tasks(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended: redis-py sometimes swallows a cancellation that meets an arriving reply."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.2)
