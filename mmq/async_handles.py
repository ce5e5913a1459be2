"""Handles on what was submitted, for programs on an asyncio loop: the twins of those in `mmq.handles`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import suppress
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from mmq.handles import Batch, Job
from mmq.polling import FIRST_POLL_S, LONGEST_POLL_S
from mmq.result import JobFailed, Result, answer_of
from mmq.streaming.async_follow import follow
from worker.errors import InvalidRequest

if TYPE_CHECKING:
    from mmq.async_queue import AsyncQueue

T = TypeVar("T")
ROWS_A_TURN = 100  # to one trip to a thread


class AsyncJob:
    """A handle on one submitted job."""

    def __init__(self, queue: AsyncQueue, job: Job) -> None:
        self.id = job.id
        self._queue = queue
        self._job = job

    async def state(self) -> str:
        """Return its state now, as in `models.state.JobState`.

        Raises:
            NotFound: no such job.
        """
        return await asyncio.to_thread(lambda: self._job.state)

    async def wait(self, timeout: float | None = None) -> Result:  # noqa: ASYNC109  as `Job.wait` has it
        """Return the answer, after up to `timeout` seconds; None waits for ever. Thousands may wait at once.

        Raises:
            JobFailed: it ended without an answer.
            TimeoutError: it has not ended yet. The job goes on; wait again.
            NotFound: no such job.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                return answer_of(await self._queue.lookout.ended(self.id))
        try:
            # As `Job.wait` does at its end: in a short time the lookout may not have got round to it at all.
            return await asyncio.to_thread(self._job.wait, 0)
        except TimeoutError:
            raise TimeoutError(f"job {self.id} has not ended after {timeout} s") from None

    def stream(self, timeout: float | None = None) -> AsyncGenerator[str]:
        """Yield the answer's text as it comes, as `Job.stream` does and with its errors.

        Whoever leaves it before its end closes it (`contextlib.aclosing`): it holds a connection to Redis.
        """
        return follow(self._queue.lookout, self._queue.queue.settings.redis_url, self.id, timeout)

    def __repr__(self) -> str:
        return f"AsyncJob({self.id!r})"


class AsyncBatch:
    """A handle on jobs that were submitted together. `rejected` lists position and reason of those left out."""

    def __init__(self, _queue: AsyncQueue, batch: Batch) -> None:
        self.id = batch.id
        self.rejected: list[tuple[int, InvalidRequest]] = batch.rejected
        self._batch = batch

    async def counts(self) -> dict[str, int]:
        """Return how many of its jobs are in each state."""
        return await asyncio.to_thread(self._batch.counts)

    async def wait(self, timeout: float | None = None) -> dict[str, int]:  # noqa: ASYNC109  as `Batch.wait` has it
        """Return the counts by state once all jobs have ended, after up to `timeout` seconds; None waits for ever.

        Raises:
            TimeoutError: some have not ended yet. They go on; wait again.
        """
        end = None if timeout is None else time.monotonic() + timeout
        pause = FIRST_POLL_S
        while (counts := await asyncio.to_thread(self._batch.ended)) is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError(f"batch {self.id} has not ended after {timeout} s")
            await asyncio.sleep(pause if left is None else min(pause, left))
            pause = min(pause * 1.5, LONGEST_POLL_S)
        return counts

    def results(self) -> AsyncIterator[Result]:
        """Yield the answers there are, in the order of submission, without holding them all in memory."""
        return _in_turns(self._batch.results)

    def failures(self) -> AsyncIterator[JobFailed]:
        """Yield the jobs that ended without an answer, in the order of submission, as the errors to raise or print."""
        return _in_turns(self._batch.failures)

    def __repr__(self) -> str:
        return f"AsyncBatch({self.id!r})"


async def _in_turns(read: Callable[[], Generator[T, None, None]]) -> AsyncIterator[T]:
    """Yield what a generator yields that reads from the database, a hundred to a trip."""
    rows, turn = read(), Lock()

    def some() -> list[T]:
        with turn:
            return list(islice(rows, ROWS_A_TURN))

    def close() -> None:
        with turn:  # whoever is cancelled leaves a thread in the midst of reading, and what runs cannot be closed
            rows.close()

    try:
        while found := await asyncio.to_thread(some):
            for row in found:
                yield row
    finally:
        await asyncio.to_thread(close)  # it holds a connection, also if nobody reads on
