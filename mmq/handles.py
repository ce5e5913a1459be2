"""Handles on what was submitted: a job, a batch. They hold an id, and ask the database."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from mmq.polling import poll
from mmq.result import JobFailed, Result, answer_of
from mmq.streaming.follow import follow
from models import queries
from models.session import reading
from models.state import FINAL
from models.table import Row
from worker.errors import InvalidRequest

if TYPE_CHECKING:
    from mmq.queue import Queue


class Job:
    """A handle on one submitted job."""

    def __init__(self, queue: Queue, job_id: str) -> None:
        self.id = job_id
        self._queue = queue

    @property
    def state(self) -> str:
        """Its state now, as in `models.state.JobState`.

        Raises:
            NotFound: no such job.
        """
        return str(self._queue.decided(self.id).state)

    def wait(self, timeout: float | None = None) -> Result:
        """Return the answer, after up to `timeout` seconds; None waits for ever.

        Raises:
            JobFailed: it ended without an answer.
            TimeoutError: it has not ended yet. The job goes on; wait again.
        """
        return answer_of(poll(self._ended, timeout, f"job {self.id} has not ended"))

    def stream(self, timeout: float | None = None) -> Generator[str, None, None]:
        """Yield the answer's text as it comes, until it is complete; `timeout` seconds at the most.

        It comes piece by piece where the job was submitted with `stream=True`, else at once. Whoever begins late gets
        first what has come so far. Only the text: the reasoning and the rest are in what `wait` returns.

        Raises:
            JobFailed: it ended without an answer.
            StreamBroken: the call came to nothing after some of its text was yielded, and is made again.
            TimeoutError: it has not ended yet. The job goes on; follow it anew, or wait.
        """
        return follow(self._ended, self._queue.settings.redis_url, self.id, timeout)

    def _ended(self) -> Row | None:
        row = self._queue.decided(self.id)
        return row if row.state in FINAL else None

    def __repr__(self) -> str:
        return f"Job({self.id!r})"


class Batch:
    """A handle on jobs that were submitted together. `rejected` lists position and reason of those left out."""

    def __init__(self, queue: Queue, batch_id: str) -> None:
        self.id = batch_id
        self.rejected: list[tuple[int, InvalidRequest]] = []
        self._queue = queue

    def counts(self) -> dict[str, int]:
        """Return how many of its jobs are in each state."""
        with reading(self._queue.database) as connection:
            return queries.counts(connection, self.id)

    def wait(self, timeout: float | None = None) -> dict[str, int]:
        """Return the counts by state once all jobs have ended, after up to `timeout` seconds; None waits for ever.

        Raises:
            TimeoutError: some have not ended yet. They go on; wait again.
        """
        return poll(self.ended, timeout, f"batch {self.id} has not ended")

    def results(self) -> Generator[Result, None, None]:
        """Yield the answers there are, in the order of submission, without holding them all in memory."""
        with reading(self._queue.database) as connection:
            for row in queries.results(connection, self.id, succeeded=True):
                yield Result.of(row)

    def failures(self) -> Generator[JobFailed, None, None]:
        """Yield the jobs that ended without an answer, in the order of submission, as the errors to raise or print."""
        with reading(self._queue.database) as connection:
            for row in queries.results(connection, self.id, succeeded=False):
                yield JobFailed(row)

    def ended(self) -> dict[str, int] | None:
        """Return the counts by state if all jobs have ended, else None."""
        counts = self.counts()
        return counts if FINAL.issuperset(counts) else None

    def __repr__(self) -> str:
        return f"Batch({self.id!r})"
