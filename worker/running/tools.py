"""What all executions of a worker share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from worker.recording.record import Recorder
from worker.routing.pauses import Pauses
from worker.routing.routes import Routes
from worker.routing.steering import Steering
from worker.running.estimate import OutputEstimate
from worker.running.steady import steady
from worker.streaming.broadcast import Broadcast
from worker.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Tools:
    """Opened, and closed in the right order, by `worker.stand.Stand`."""

    worker_id: str
    routes: Routes
    steering: Steering
    recorder: Recorder
    pauses: Pauses
    estimate: OutputEstimate
    telemetry: Telemetry
    broadcast: Broadcast
    clock: Callable[[], float] = steady
