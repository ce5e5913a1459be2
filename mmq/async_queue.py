"""The Python API for programs on an asyncio loop: `mmq.queue.Queue` without blocking it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import signature
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from mmq.async_handles import AsyncBatch, AsyncJob
from mmq.lookout import Lookout
from mmq.queue import Queue
from worker.settings import Settings

A = TypeVar("A")
H = TypeVar("H")
P = ParamSpec("P")


def _twin(
    method: Callable[Concatenate[Queue, P], H], handle: Callable[[AsyncQueue, H], A]
) -> Callable[Concatenate[AsyncQueue, P], Coroutine[Any, Any, A]]:
    """Return a method that takes the same arguments, runs in a thread, and gives the handle's twin."""

    @wraps(method)
    async def call(self: AsyncQueue, /, *positional: P.args, **named: P.kwargs) -> A:
        return handle(self, await asyncio.to_thread(method, self.queue, *positional, **named))

    own = getattr(handle, "__name__", "")
    call.__signature__ = signature(method).replace(return_annotation=own)  # type: ignore[attr-defined]
    return call


class AsyncQueue:
    """Enqueues generations as `Queue` does, and with its arguments and errors; waiting blocks no loop and no thread.

    For one loop; opening it may take a moment, in which an embedded database is made. A cancelled `submit` may have
    been accepted all the same: give an `idempotency_key` to whatever you may submit again.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Open the queue.

        Raises:
            ConfigurationError: with every problem of the settings.
        """
        self.queue = Queue(settings)
        self.lookout = Lookout(self.queue.database)

    submit = _twin(Queue.submit, AsyncJob)
    submit_many = _twin(Queue.submit_many, AsyncBatch)

    def job(self, job_id: str) -> AsyncJob:
        """Return the handle of a job by its id, without looking whether it exists."""
        return AsyncJob(self, self.queue.job(job_id))

    async def close(self) -> None:
        """Close the connections."""
        await self.lookout.close()
        await asyncio.to_thread(self.queue.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
