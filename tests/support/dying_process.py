"""`python -m support.dying_process STEP ...`: a producer or a worker that kills itself when it comes to a step.

The rest of the arguments is the command line of `mmq`; a producer has the prompt and its idempotency key instead.
Nothing in the product knows of this: the steps are seen from SQLAlchemy's, Celery's and aiohttp's own places.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from typing import Any

import aiohttp
from celery import signals
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from support.dying_steps import STEPS, Moment, Step, Who
from worker.feeding import message


def die() -> None:
    """End as a process ends that the kernel kills: at once, and without any of its own code."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm_statement(step: Step) -> None:
    """Die at a statement, or at the commit of the transaction that ran it and changed a row."""
    wanted, seen = re.compile(step.statement, re.DOTALL), threading.local()
    commit = DefaultDialect.do_commit

    @event.listens_for(Engine, "before_cursor_execute")
    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if step.moment is Moment.EXECUTE and wanted.match(statement):
            die()

    @event.listens_for(Engine, "after_cursor_execute")
    def after(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        # SQLite counts the rows of an UPDATE with RETURNING only when they have been read.
        if wanted.match(statement) and (cursor.rowcount > 0 or "RETURNING" in statement):
            seen.wanted = True

    def do_commit(dialect: DefaultDialect, connection: Any) -> None:
        at_it = getattr(seen, "wanted", False)
        if at_it and step.moment is Moment.BEFORE_COMMIT:
            die()
        commit(dialect, connection)
        if at_it and step.moment is Moment.AFTER_COMMIT:
            die()

    DefaultDialect.do_commit = do_commit


def arm_event(step: Step) -> None:
    """Die at a message or at an answer. Who is to die with a call under way is killed from outside."""

    def at_message(sender: object = None, **_facts: Any) -> None:
        if getattr(sender, "name", sender) == message.TASK:
            die()

    if step.name == "published":
        signals.after_task_publish.connect(at_message, weak=False)
    elif step.name == "received":
        signals.task_prerun.connect(at_message, weak=False)
    elif step.name == "answered":
        start = aiohttp.ClientResponse.start

        async def answered(response: aiohttp.ClientResponse, connection: Any) -> aiohttp.ClientResponse:
            await start(response, connection)
            die()
            return response

        aiohttp.ClientResponse.start = answered


def submit(prompt: str, key: str) -> None:
    """Be a producer that submits one job."""
    from mmq.queue import Queue  # noqa: PLC0415

    queue = Queue()
    queue.submit(prompt, idempotency_key=key)
    queue.close()


def main() -> None:
    """Arm the step and do what would be done without it."""
    name, *rest = sys.argv[1:]
    step = next((step for step in STEPS if step.name == name), None)
    if step is not None:
        (arm_statement if step.statement else arm_event)(step)
    if step is None or step.who is Who.PRODUCER:
        submit(*rest)
        return
    sys.argv[1:] = rest
    from mmq.cli.main import main as mmq  # noqa: PLC0415

    mmq()


if __name__ == "__main__":
    main()
