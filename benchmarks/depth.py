"""What a backlog costs those who look after it: submitting, feeding, status, moving, cancelling and reading results.

No worker runs: it is the same database, asked by the same statements, with few jobs in it and with very many.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

from mmq.queue import Queue
from mmq.schema import migrate
from models import feeding, queries, sweep
from models.job import Job
from models.session import reading, writing
from models.table import utcnow
from worker.settings import load

T = TypeVar("T")
FED, FEEDINGS = 50, 20  # jobs to a message; messages that the dispatch is taken from
LOOKS = 5


def costs(database_url: str, redis_url: str, home: Path, count: int) -> dict[str, float]:
    """Queue so many jobs in one batch, do all of it to them, and return what each took.

    Of a job (`us a job`) where the whole batch is gone through, of an action (`ms`) where it must not matter.
    """
    environ = {"MMQ_DATABASE_URL": database_url, "MMQ_REDIS_URL": redis_url, "MMQ_HOME": str(home)}
    queue = Queue(load(environ))
    try:
        migrate(queue.database)
        return _costs(queue, count)
    finally:
        queue.close()


def _costs(queue: Queue, count: int) -> dict[str, float]:
    database = queue.database
    prompts = (f"Say ok to number {number}." for number in range(count))
    batch, submitting = timed(lambda: queue.submit_many(prompts, lane="bulk"))

    def status() -> object:
        with reading(database) as connection:
            return queries.counts(connection, batch.id)

    def feed() -> object:
        with writing(database) as connection:
            return feeding.take_next(connection, "bulk", FED, utcnow())

    def failures() -> int:
        with reading(database) as connection:
            return sum(1 for _ in queries.results(connection, batch.id, succeeded=False))

    def first_failure() -> object:
        with reading(database) as connection:
            return next(queries.results(connection, batch.id, succeeded=False))

    looking = median(timed(status)[1] for _ in range(LOOKS))
    feedings = median(timed(feed)[1] for _ in range(min(FEEDINGS, count // FED)))
    mine = Job.batch_id == batch.id
    moved, moving = timed(lambda: sweep.change_lane(database, mine, "default"))
    cancelled, cancelling = timed(lambda: sweep.cancel(database, mine, utcnow()))
    _, opening = timed(first_failure)
    read, going_through = timed(failures)
    if not moved == cancelled == read == count:
        raise RuntimeError(f"of {count} jobs, {moved} were moved, {cancelled} cancelled and {read} read")
    return {
        "submit, us a job": 1e6 * submitting / count,
        f"feed {FED}, ms": 1e3 * feedings,
        "status, ms": 1e3 * looking,
        "move all, us a job": 1e6 * moving / count,
        "cancel all, us a job": 1e6 * cancelling / count,
        "first result, ms": 1e3 * opening,
        "all results, us a job": 1e6 * going_through / count,
    }


def timed(act: Callable[[], T]) -> tuple[T, float]:
    """Return what it returned, and the seconds that it took."""
    begun = time.perf_counter()
    found = act()
    return found, time.perf_counter() - begun
