"""Being a worker: Celery's worker in this process, until a signal."""

from __future__ import annotations

import logging
import os
import socket
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from celery import signals
from celery.exceptions import SecurityWarning

from worker.app import app

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
#: Celery's line for every message: ours carry many jobs, or none that is still to be done.
NOISY = ("celery.worker.strategy", "celery.app.trace")
#: Libraries whose debug lines hold whole messages, and with them the prompts of `minimax.generate`.
TALKATIVE = ("celery", "kombu", "amqp")


def serve(lanes: Sequence[str], level: str, remarks: Sequence[str] = ()) -> int:
    """Run a worker for these lanes, the most urgent first. Return its exit code once it was stopped by a signal.

    `remarks` are logged at the start.
    """
    _load_ours()
    signals.setup_logging.connect(_keep_our_logging, weak=False)
    logging.basicConfig(level=level, format=FORMAT, stream=sys.stderr, force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.getLogger().level, logging.INFO))
    logging.getLogger("celery.worker.consumer.consumer").addFilter(without_body)
    for remark in remarks:
        logging.getLogger("mmq").warning(remark)
    # It warns a root of pickle, by which a message could run code. We accept nothing but JSON.
    warnings.simplefilter("ignore", SecurityWarning)
    worker: Any = app.Worker(
        # Two workers of one name would share their inbox and be one to Flower.
        hostname=f"mmq-{os.getpid()}@{socket.gethostname()}",
        queues=list(lanes),
        without_mingle=True,  # workers have nothing to tell each other: what they share is in SQL and Redis
        without_gossip=True,
        quiet=True,
        no_color=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def without_body(record: logging.LogRecord) -> bool:
    """Keep out of the log the bodies of messages that no task takes: one with a misspelt name carries a prompt."""
    if "body" in record.msg:
        what = record.msg.split("\n", 1)[0].split("%", 1)[0].rstrip()
        if "unregistered" in what and isinstance(record.args, tuple):
            what = f"{what} {str(record.args[0])[:100]}"
        record.msg = f"{what}; the message was dropped, its body is not shown"
        record.args, record.exc_info = (), None
    return True


def _load_ours() -> None:
    """Load what Celery knows by name only: it would take files of these names in the working directory before ours."""
    import celeryconfig  # noqa: F401, PLC0415
    import tasks.generate  # noqa: F401, PLC0415


def _keep_our_logging(**_: object) -> None:
    """Be there: Celery sets up its own logging unless somebody listens."""
