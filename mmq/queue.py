"""The Python API: submit generations, wait for answers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mmq import schema
from mmq.handles import Batch, Job
from models import acceptance, queries
from models.acceptance import NewJob
from models.identity import new_id
from models.lane import Lane
from models.session import database_url, open_database, reading, writing
from models.table import utcnow
from tasks.enqueue import Order, announce, chat_request, enqueue, preflight
from tasks.producer import producer
from worker.errors import InvalidRequest, NotFound
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
        self._judge = Judge(self.settings.payers)
        self._producer = producer(self.settings.broker_url)
        if database_url(self.settings.database_url).get_backend_name() == "sqlite":
            self.settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            schema.migrate(self.database)

    def submit(
        self,
        prompt: str | None = None,
        *,
        messages: Sequence[Mapping[str, Any]] | None = None,
        model: str | None = None,
        lane: str = Lane.DEFAULT,
        custom_id: str | None = None,
        idempotency_key: str | None = None,
        deadline: datetime | None = None,
        **request: Any,
    ) -> Job:
        """Accept one job and return its handle. Once this returns, the job is committed and is not lost.

        `request` holds further fields of the chat request (`temperature`, `max_tokens`, `tools`, ...). The same
        `idempotency_key` twice is one job. A job that waits beyond its `deadline` (aware) expires unanswered.

        Raises:
            InvalidRequest: the request would fail for certain; lists why. Nothing was enqueued.
        """
        order = self._order(
            prompt,
            messages=messages,
            model=model,
            lane=lane,
            custom_id=custom_id,
            idempotency_key=idempotency_key,
            deadline=deadline,
            **request,
        )
        if accepted := self.enqueue([order]):
            return Job(self, accepted[0].id)
        with reading(self.database) as connection:
            known = acceptance.ids_by_key(connection, [str(idempotency_key)])
        return Job(self, known[str(idempotency_key)])

    def submit_many(
        self,
        requests: Iterable[str | Mapping[str, Any]],
        *,
        name: str = "python",
        idempotency_key: str | None = None,
        **common: Any,
    ) -> Batch:
        """Accept many jobs as one batch and return its handle.

        A request is a prompt, or a mapping of the keyword arguments of `submit`; `common` are those that all share.
        Requests that would fail for certain are left out and listed in `Batch.rejected`; the rest goes on. The same
        batch `idempotency_key` continues the same batch, and requests whose own keys exist are not accepted again.
        """
        batch = Batch(self, self.open_batch(name, idempotency_key))
        chunk: list[Order] = []
        for position, request in enumerate(requests):
            arguments = {"prompt": request} if isinstance(request, str) else dict(request)
            try:
                chunk.append(self._order(position=position, **{**common, **arguments}))
            except InvalidRequest as invalid:
                batch.rejected.append((position, invalid))
            if len(chunk) == JOBS_A_TRANSACTION:
                self.enqueue(chunk, batch.id)
                chunk = []
        self.enqueue(chunk, batch.id)
        return batch

    def open_batch(self, name: str, idempotency_key: str | None) -> str:
        """Return the id of a new batch, or of the one that has this key."""
        with writing(self.database) as connection:
            return acceptance.open_batch(connection, new_id(), name, idempotency_key, utcnow())

    def enqueue(self, orders: Sequence[Order], batch_id: str | None = None) -> list[NewJob]:
        """Commit checked orders in one transaction and tell the workers. Return the rows that are new."""
        accepted = enqueue(self.database, orders, batch_id) if orders else []
        if accepted:
            announce(self.database, self._producer, accepted)
        return accepted

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

    def _order(
        self,
        prompt: str | None = None,
        *,
        messages: Sequence[Mapping[str, Any]] | None = None,
        model: str | None = None,
        lane: str = Lane.DEFAULT,
        custom_id: str | None = None,
        idempotency_key: str | None = None,
        deadline: datetime | None = None,
        position: int = 0,
        **request: Any,
    ) -> Order:
        order = Order(
            request=chat_request(prompt, messages, model or self.settings.model, request),
            lane=lane,
            custom_id=custom_id,
            position=position,
            idempotency_key=idempotency_key,
            deadline=deadline,
        )
        preflight(order, self._judge)
        return order
