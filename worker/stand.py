"""Everything that a worker's executions stand on, opened together and closed in the right order."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from models.session import FROZEN_AFTER_S, open_database
from worker.admission.admission import Admission
from worker.admission.connection import connect
from worker.admission.memory import Memory
from worker.errors import ConfigurationError, Problem
from worker.feeding.feed import Feeder, Publish
from worker.provider.client import Client
from worker.recording.record import Recorder
from worker.recording.replay import Replay
from worker.routing.configured import Configured, policy
from worker.routing.desk import Desk
from worker.routing.pauses import Pauses
from worker.routing.routes import Routes
from worker.routing.steering import Steering
from worker.running.estimate import OutputEstimate
from worker.running.tools import Tools
from worker.settings import Settings
from worker.streaming.broadcast import Broadcast
from worker.telemetry import Telemetry


class Stand:
    """The connections and services of one worker process, for use as an async context manager."""

    def __init__(self, settings: Settings, worker_id: str, publish: Publish, telemetry: Telemetry) -> None:
        if keyless := [payer.name for payer in settings.payers if not payer.account.key]:
            problem = f"is not set for {', '.join(keyless)}"
            raise ConfigurationError([Problem("the key", problem, "a worker cannot call without it")])
        self.worker_id = worker_id
        self.database = open_database(settings.database_url, frozen_after_s=FROZEN_AFTER_S)
        self.redis = connect(settings.redis_url)
        self.recorder = Recorder(self.database, worker_id, settings.home)
        self.replay = Replay(settings.home, self.recorder)
        self.feeder = Feeder(
            self.database,
            self.redis,
            publish,
            worker_id,
            accounts=[payer.name for payer in settings.payers],
            home=settings.home,
            quarantine_after=settings.quarantine_after,
        )
        self.clients = [Client(payer.account, settings.timeouts) for payer in settings.payers]
        self.admission = Admission(
            self.redis, worker=worker_id, policy=policy(settings.sharing), memory=Memory(self.database)
        )
        steering = Steering(self.admission, Configured(settings.payers, settings.sharing).limits)
        pauses = Pauses(self.recorder, telemetry)
        desks = [
            Desk(payer, client, self.admission, steering.limits)
            for payer, client in zip(settings.payers, self.clients, strict=True)
        ]
        self.tools = Tools(
            worker_id=worker_id,
            routes=Routes(desks, pauses),
            steering=steering,
            recorder=self.recorder,
            pauses=pauses,
            estimate=OutputEstimate(),
            telemetry=telemetry,
            broadcast=Broadcast(self.redis),
        )
        self.recording: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self.recording = asyncio.create_task(self.recorder.run(), name="record")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.admission.close()
        for client in self.clients:
            await client.aclose()
        self.recording.cancel()
        await asyncio.wait([self.recording])  # its error, if it had one, has ended the engine
        self.recorder.close()
        await self.redis.aclose()
        # The feeder was cancelled, but not its thread: a connection in use would outlive the pool.
        await asyncio.get_running_loop().shutdown_default_executor()
        self.database.dispose()
