"""What the world sees of jobs: Celery events, which Flower shows, and log lines. Never prompts, answers or keys.

Celery would report the messages, which carry many jobs or none at all by the time they arrive. These events carry the
job's id instead, so that Flower lists jobs, each with its state, its runtime and, if it failed, MiniMax's code and
request id.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol

log = logging.getLogger(__name__)

TASK = "minimax.generate"
FLUSH_S = 0.2  # events are sent in groups: one Redis command for up to a fifth of a second's events
MOST_PENDING = 20_000  # beyond this, with Redis away, events are dropped: they are for watching, SQL keeps the record


class Dispatcher(Protocol):
    """The part of `celery.events.EventDispatcher` that is used."""

    enabled: bool

    def send(self, type: str, **fields: Any) -> None: ...  # noqa: A002
    def flush(self) -> None: ...
    def close(self) -> None: ...


class Telemetry:
    """Sends events from a thread of its own, so that a slow Redis does not hold up the calls."""

    def __init__(self, connect: Any) -> None:
        self._connect = connect
        self._events: queue.Queue[tuple[str, dict[str, Any]] | None] = queue.Queue(MOST_PENDING)
        self._thread = threading.Thread(target=self._send, name="telemetry", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Send what is pending, then stop."""
        self._events.put(None)
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
        try:
            self._events.put_nowait((kind, {"uuid": job_id, **fields}))
        except queue.Full:
            return

    def _send(self) -> None:
        dispatcher: Dispatcher | None = None
        while (event := self._next(dispatcher)) is not None:
            try:
                dispatcher = dispatcher or self._connect()
                kind, fields = event
                dispatcher.send(kind, **fields)
            except Exception as exc:
                log.debug("event not sent: %s", type(exc).__name__)
        if dispatcher is not None:
            _quietly(dispatcher.flush)
            _quietly(dispatcher.close)

    def _next(self, dispatcher: Dispatcher | None) -> tuple[str, dict[str, Any]] | None:
        while True:
            try:
                return self._events.get(timeout=FLUSH_S)
            except queue.Empty:
                if dispatcher is not None:
                    _quietly(dispatcher.flush)


def _quietly(action: Callable[[], None]) -> None:
    try:
        action()
    except Exception as exc:
        log.debug("events not sent: %s", type(exc).__name__)
