"""What the world sees of jobs: Celery events, which Flower shows, and log lines. Never prompts, answers or keys.

Celery would report the messages, which carry many jobs or none at all by the time they arrive. These events carry the
job's id instead, so that Flower lists jobs, each with its state, its runtime and, if it failed, MiniMax's code and
request id.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

log = logging.getLogger(__name__)

TASK = "minimax.generate"
FLUSH_S = 0.2  # events are sent in groups, one message for up to a fifth of a second's
MOST_PENDING = 20_000  # beyond this the oldest are dropped: they are for watching, SQL keeps the record


class Dispatcher(Protocol):
    """What `worker.events.Dispatcher` offers."""

    def send(self, kind: str, **fields: Any) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


class Telemetry:
    """Sends events from a thread of its own, so that a slow Redis does not hold up the calls."""

    def __init__(self, connect: Callable[[], Dispatcher]) -> None:
        self._connect = connect
        self._events: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MOST_PENDING)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._send, name="telemetry", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Send what is pending, then stop."""
        self._closing.set()
        self._thread.join(timeout=5)

    def claimed(self, job_id: str, lane: str, model: str, attempts: int) -> None:
        """Tell that a worker took a job."""
        facts = repr({"lane": lane, "model": model})
        self._emit(
            "task-received", job_id, name=TASK, args="()", kwargs=facts, retries=attempts, eta=None, expires=None
        )

    def started(self, job_id: str) -> None:
        """Tell that a call for a job goes out."""
        self._emit("task-started", job_id)

    def throttled(self, job_id: str, dimension: str, seconds: float) -> None:
        """Tell that a job waits for a limit."""
        self._emit("task-throttled", job_id, exception=f"waiting for {dimension}, about {seconds:.1f} s")

    def retried(self, job_id: str, error: BaseException, seconds: float) -> None:
        """Tell that an attempt failed and another follows."""
        log.info("job %s: %s; again in %.1f s", job_id, error, seconds)
        self._emit("task-retried", job_id, exception=str(error), traceback=None)

    def succeeded(self, job_id: str, seconds: float, summary: str) -> None:
        """Tell that a job was answered."""
        self._emit("task-succeeded", job_id, result=summary, runtime=seconds)

    def failed(self, job_id: str, error: BaseException | str) -> None:
        """Tell that a job failed for good."""
        log.warning("job %s failed: %s", job_id, error)
        self._emit("task-failed", job_id, exception=str(error), traceback=None)

    def account_paused(self, account: str, reason: str, remedy: str) -> None:
        """Tell that an account cannot be used until somebody acts."""
        log.error("account %s is paused: %s; %s", account, reason, remedy)

    def _emit(self, kind: str, job_id: str, **fields: Any) -> None:
        # An append that wakes nobody: to wake the thread for each event costs the loop more than the event itself.
        self._events.append((kind, {"uuid": job_id, "timestamp": time.time(), **fields}))

    def _send(self) -> None:
        dispatcher: Dispatcher | None = None
        closing = False
        while not closing:
            closing = self._closing.wait(FLUSH_S)
            try:
                dispatcher = dispatcher or self._connect()
                self._drain(dispatcher)
            except Exception as exc:
                log.debug("events not sent: %s", type(exc).__name__)
                # RabbitMQ's channel does not come back by itself, as Redis's connection does.
                _close(dispatcher)
                dispatcher = None
        _close(dispatcher)

    def _drain(self, dispatcher: Dispatcher) -> None:
        while self._events:
            kind, fields = self._events.popleft()
            dispatcher.send(kind, **fields)
        dispatcher.flush()


def _close(dispatcher: Dispatcher | None) -> None:
    if dispatcher is not None:
        with suppress(Exception):
            dispatcher.close()
