"""The Python API: submit generations, wait for answers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mmq import schema
from mmq.handles import Batch, Job
from mmq.ordering import Ordering, ordered
from mmq.run.identity import JobKeys
from models import acceptance, queries
from models.identity import new_id
from models.session import database_url, open_database, reading, writing
from models.table import utcnow
from tasks.enqueue import Entrance
from tasks.order import Order
from tasks.producer import producer
from worker.errors import InvalidRequest, NotFound, QueueFull
from worker.routing.judge import Judge
from worker.settings import Settings, load

JOBS_A_TRANSACTION = 1000


class Queue:
    """Enqueues generations for the workers that share its database.

    Settings come from the environment (`Queue()`), so that whoever shares `MMQ_HOME`, or the same URLs, meets at the
    same queue. Workers run elsewhere: `mmq up` or `mmq worker`. Safe to share between threads.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Open the queue.

        Raises:
            ConfigurationError: with every problem of the settings.
        """
        self.settings = settings or load(os.environ)
        self.database = open_database(self.settings.database_url)
        self.ordering = Ordering(Judge(self.settings.payers), self.settings.model)
        self._producer = producer(self.settings.broker_url)
        self.entrance = Entrance.of(self.settings, self.database, self._producer)
        if database_url(self.settings.database_url).get_backend_name() == "sqlite":
            self.settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            schema.migrate(self.database)

    @ordered
    def submit(self, order: Order) -> Job:
        """Accept one job and return its handle. Once this returns, the job is committed and is not lost.

        `request` holds further fields of the chat request (`temperature`, `max_tokens`, `tools`, ...). The same
        `idempotency_key` twice is one job. A job that waits beyond its `deadline` (aware) expires unanswered.

        Raises:
            InvalidRequest: the request would fail for certain; lists why. Nothing was enqueued.
            QueueFull: its lane holds as many queued jobs as it may. Nothing was enqueued.
        """
        key = str(order.idempotency_key)
        while True:
            if accepted := self.entrance.enqueue([order]):
                return Job(self, accepted[0].id)
            with reading(self.database) as connection:
                known = acceptance.ids_by_key(connection, [key])
            if key in known:  # else it was purged in between, and the key is a new job's
                return Job(self, known[key])

    def submit_many(
        self,
        /,
        requests: Iterable[str | Mapping[str, Any]],
        *,
        name: str = "python",
        idempotency_key: str | None = None,
        **common: Any,
    ) -> Batch:
        """Accept many jobs as one batch and return its handle.

        A request is a prompt, or a mapping of the keyword arguments of `submit`; `common` are those that all share.
        Requests that would fail for certain are left out and listed in `Batch.rejected`; the rest goes on. The same
        batch `idempotency_key` continues the same batch: a request that is in it already, by its own key or else by its
        `custom_id` and content, is not accepted again, so a producer that died half-way submits all again.

        Raises:
            QueueFull: a lane holds as many queued jobs as it may. The thousands before stay accepted, in `batch_id`.
        """
        batch = Batch(self, self._open_batch(name, idempotency_key))
        keys = JobKeys(batch.id) if idempotency_key is not None else None
        chunk: list[Order] = []
        try:
            for position, request in enumerate(requests):
                arguments = {"prompt": request} if isinstance(request, str) else dict(request)
                try:
                    order = self.ordering.order(**{**common, **arguments})
                except InvalidRequest as invalid:
                    batch.rejected.append((position, invalid))
                    continue
                chunk.append(_placed(order, position, keys))
                if len(chunk) == JOBS_A_TRANSACTION:
                    self.entrance.enqueue(chunk, batch.id)
                    chunk = []
            self.entrance.enqueue(chunk, batch.id)
        except QueueFull as full:
            full.batch_id = batch.id
            raise
        return batch

    def job(self, job_id: str) -> Job:
        """Return the handle of a job by its id, without looking whether it exists."""
        return Job(self, job_id)

    def decided(self, job_id: str) -> Any:
        """Return a job's row with the attempt that decided it, if any.

        Raises:
            NotFound: no such job.
        """
        with reading(self.database) as connection:
            row = queries.decided(connection, job_id)
        if row is None:
            raise NotFound(f"no job {job_id!r}")
        return row

    def close(self) -> None:
        """Close the connections."""
        self._producer.close()
        self.database.dispose()

    def _open_batch(self, name: str, idempotency_key: str | None) -> str:
        with writing(self.database) as connection:
            return acceptance.open_batch(connection, new_id(), name, idempotency_key, utcnow())


def _placed(order: Order, position: int, keys: JobKeys | None) -> Order:
    """Return the order at its place in a batch; where the batch has a key, with one of its own."""
    if keys is None or order.idempotency_key is not None:
        return replace(order, position=position)
    name = order.custom_id or f"line-{position}"
    return replace(order, position=position, idempotency_key=keys.of(position, name, dict(order.request)))
