"""Everything that a worker's executions stand on, opened together and closed in the right order."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from models.session import open_database
from worker.admission.admission import Admission
from worker.admission.connection import connect
from worker.admission.limits import Limits
from worker.errors import ConfigurationError, Problem
from worker.estimate import OutputEstimate
from worker.execution import Tools
from worker.feed import Feeder, Publish
from worker.lease import resign
from worker.outage import is_outage
from worker.pauses import Pauses
from worker.provider.client import Client
from worker.record import Recorder
from worker.settings import Settings
from worker.steering import Steering
from worker.telemetry import Telemetry


class Stand:
    """The connections and services of one worker process, for use as an async context manager."""

    def __init__(self, settings: Settings, worker_id: str, publish: Publish, telemetry: Telemetry) -> None:
        if settings.account is None:
            raise ConfigurationError([Problem("MINIMAX_API_KEY", "is not set", "a worker cannot call without it")])
        self.worker_id = worker_id
        self.database = open_database(settings.database_url)
        self.redis = connect(settings.redis_url)
        self.recorder = Recorder(self.database, worker_id)
        self.feeder = Feeder(self.database, self.redis, publish, worker_id)
        self.client = Client(settings.account, settings.timeouts)
        self.admission = Admission(self.redis, worker=worker_id)
        budget = settings.budget
        limits = Limits(rpm=budget.rpm, tpm=budget.tpm, concurrency=budget.concurrency)
        self.tools = Tools(
            worker_id=worker_id,
            account=settings.account,
            steering=Steering(self.admission, lambda _: limits),
            client=self.client,
            admission=self.admission,
            recorder=self.recorder,
            pauses=Pauses(settings.account.name, self.recorder, telemetry),
            estimate=OutputEstimate(),
            telemetry=telemetry,
        )
        self.recording: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self.recording = asyncio.create_task(self.recorder.run(), name="record")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await resign(self.redis, self.worker_id)
        except Exception as exc:
            if not is_outage(exc):
                raise
        await self.admission.close()
        await self.client.aclose()
        self.recording.cancel()
        with suppress(asyncio.CancelledError):
            await self.recording
        self.recorder.close()
        await self.redis.aclose()
        # The feeder was cancelled, but not its thread: a connection in use would outlive the pool.
        await asyncio.get_running_loop().shutdown_default_executor()
        self.database.dispose()
