"""Those who use the cluster while it is being harmed: a producer, and an operator who puts the account right."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from mmq.queue import Queue
from mmq.run.budgets import reset
from models import pausing
from models.session import writing
from support.chaos_prompts import MODEL, Prompt
from support.patience import within
from worker.admission.keys import BudgetKey
from worker.settings import load

CHUNKS = 10
ACCEPTED_S = 60.0  # generous: the database is away for some seconds
MEND_EVERY_S = 1.0


@contextmanager
def traffic(environ: Mapping[str, str], database: Engine, asked: Sequence[Prompt], seconds: float) -> Iterator[None]:
    """Submit the prompts over so many seconds, and mend the account until the end of the block.

    Raises at the end what went wrong with the producer.
    """
    over, errors = threading.Event(), list[BaseException]()

    def produce() -> None:
        try:
            _submit(environ, asked, seconds / CHUNKS, over)
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=produce, name="producer"),
        threading.Thread(target=_mend, args=(environ, database, over), name="operator"),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def _submit(environ: Mapping[str, str], asked: Sequence[Prompt], every_s: float, over: threading.Event) -> None:
    """Be a producer that says again what it cannot know to be accepted."""
    queue = Queue(load(environ))
    try:
        size = -(-len(asked) // CHUNKS)
        for start in range(0, len(asked), size):
            chunk = [
                {**prompt.request, "custom_id": prompt.name, "idempotency_key": prompt.name}
                for prompt in asked[start : start + size]
            ]
            within(ACCEPTED_S, lambda chunk=chunk: _accepted(queue, chunk))
            over.wait(every_s)
    finally:
        queue.close()


def _accepted(queue: Queue, chunk: list[dict[str, Any]]) -> bool:
    try:
        batch = queue.submit_many(chunk, idempotency_key="chaos")
    except DBAPIError:
        return False
    assert not batch.rejected, batch.rejected
    return True


def _mend(environ: Mapping[str, str], database: Engine, over: threading.Event) -> None:
    """Be an operator who knows: the account is in order and has no limits, whatever the sandbox says now and then."""
    settings = load(environ)
    while not over.wait(MEND_EVERY_S):
        with suppress(DBAPIError, RedisError, OSError):
            with writing(database) as connection:
                for row in pausing.paused(connection):
                    pausing.resume(connection, row.kind, row.name)
            reset(settings, database, BudgetKey("default", MODEL))
