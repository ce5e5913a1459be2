"""Where the engine is hooked into Celery's worker: started after its pool, stopped before it."""

from __future__ import annotations

import gc
import os
from typing import Any

from celery import Celery, bootsteps
from celery.platforms import EX_FAILURE, EX_OK
from celery.signals import worker_shutting_down

from worker.engine import Engine
from worker.events import Dispatcher
from worker.feeding import message
from worker.running import appetite
from worker.settings import load
from worker.telemetry import Telemetry

#: So many new objects before the collector looks for cycles. What ended jobs leave has hardly any.
COLLECT_AFTER = 50_000

_engines: list[Engine] = []


def engine() -> Engine:
    """Return this worker process's engine.

    Raises:
        RuntimeError: this process is not a worker.
    """
    if not _engines:
        raise RuntimeError("no engine runs in this process; start one with `mmq worker`")
    return _engines[-1]


def grace_s(running: Engine) -> float:
    """Return how long calls under way may still take at a stop: as long as any call may. Each is paid.

    Docker and Kubernetes must be given more than this before they kill, or lower MMQ_TOTAL_TIMEOUT.
    """
    return running.settings.timeouts.total


@worker_shutting_down.connect
def cease(how: str, **_facts: Any) -> None:
    """Stop claiming at the signal itself: Celery's loop may take a second to notice, and each call it makes is paid.

    At a second signal, or one that Celery calls cold, calls under way are broken off, and their jobs handed back.
    """
    for running in _engines:
        if running.stopping or how == "Cold":
            running.hasten()
        if not running.stopping:
            running.begin_stop(grace_s(running))


class EngineStep(bootsteps.StartStopStep):
    """Celery's worker blueprint calls this."""

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        """Start the engine, or stop the worker with the reason."""
        settings = load(os.environ, key_needed=True)
        app: Celery = worker.app
        lanes = list(app.amqp.queues.consume_from)
        running = Engine(
            settings,
            name=worker.hostname,
            lanes=lanes,
            publish=message.publisher(app),
            telemetry=Telemetry(lambda: Dispatcher(app, worker.hostname)),
        )
        _engines.append(running)  # at once: a signal must find it also while it waits for the database
        try:
            running.start()
        except BaseException:
            _engines.remove(running)
            raise
        # What lives now lives as long as the worker: looking through it at each full collection took 14 % of the CPU.
        # Looking through the jobs in hand for every 700 objects more took another tenth, in stops of up to 50 ms.
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER)
        appetite.ask(lambda: running.full)

    def stop(self, worker: Any) -> None:
        """Drain and stop. A worker whose engine ended by an error exits as failed, so that a supervisor restarts it.

        One that was told to stop has done so well: Celery would call that a failure after Ctrl-C.
        """
        while _engines:
            running = _engines[-1]
            told = running.stopping
            running.stop(grace_s(running))  # messages that arrive meanwhile still find it, and are left to others
            _engines.pop()
            if running.failed:
                worker.exitcode = EX_FAILURE
            elif told:
                worker.exitcode = EX_OK

    def terminate(self, worker: Any) -> None:
        """Stop without patience. Celery does this instead of `stop` if the second signal is quicker than its loop."""
        for running in _engines:
            running.hasten()
        self.stop(worker)

    def info(self, _worker: Any) -> Any:
        """Return what `inspect stats` and Flower's page of the worker show."""
        return {"jobs in hand": _engines[-1].in_hand if _engines else 0}
