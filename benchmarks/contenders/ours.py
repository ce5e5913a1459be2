"""MiniMax Queue, all of it: jobs, attempts and answers in SQL, admission in Redis. Variants: sqlite, postgresql."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from task import Task, ask_urgently, tell, wait_for_all, workers

from mmq.handles import Batch
from mmq.queue import Queue
from mmq.schema import migrate
from models import leases
from models.session import reading
from models.table import utcnow
from worker.settings import load

UNLIMITED = 60_000_000
POLL_S = 0.05
LARGE_BYTES = 300_000  # a prompt that only the longest context holds
FINAL = ("succeeded", "failed")


def environ(task: Task) -> dict[str, str]:
    """Return the settings: the limits that the task tells, else such as are never reached."""
    told = {
        "MINIMAX_BASE_URL": task.url,
        "MINIMAX_API_KEY": "key",
        "MMQ_HOME": str(Path(task.folder, "home")),
        "MMQ_REDIS_URL": task.redis,
        "MMQ_RPM": str(task.rps * 60 if task.rps else UNLIMITED),
        "MMQ_TPM": str(1000 * UNLIMITED),
        "MMQ_CONCURRENCY": str(task.concurrency or task.in_flight),
        "MMQ_CALLS": str(max(100, 2 * task.each)),  # jobs at hand; what is in flight is bounded by the concurrency
        "MINIMAX_MODEL": "MiniMax-M3" if task.size_bytes > LARGE_BYTES else "MiniMax-M2.7",
    }
    return told | ({"MMQ_DATABASE_URL": task.postgresql} if task.variant == "postgresql" else {})


def ended(batch: Batch, jobs: int) -> int:
    """Wait until all is recorded, and return how many were not answered."""
    while sum((counts := batch.counts()).get(state, 0) for state in FINAL) < jobs:
        time.sleep(POLL_S)
    return jobs - counts.get("succeeded", 0)


def main() -> None:
    task = Task.read()
    os.environ |= environ(task)
    queue = Queue(load(os.environ))
    migrate(queue.database)
    command = (sys.executable, "-P", "-m", "mmq.cli.main", "worker", "--log-level", "warning")
    if task.contest == "limit":
        with workers(task, *command):
            while not alive(queue):
                time.sleep(POLL_S)
            tell(begun=time.time())
            lost = ended(queue.submit_many(task.prompts()), task.jobs)
            tell(done=time.time(), lost=lost)
        return
    begun = time.time()
    batch = queue.submit_many(task.each_prompt(), lane="bulk")
    if batch.rejected:
        raise batch.rejected[0][1]
    tell(enqueued=time.time() - begun)
    with workers(task, *command):
        if task.contest == "priority":
            ask_urgently(task, lambda prompt: queue.submit(prompt, lane="interactive"))
            tell(done=time.time(), lost=0)
        else:
            wait_for_all(task)
            lost = ended(batch, task.jobs)
            tell(done=time.time(), lost=lost)


def alive(queue: Queue) -> bool:
    """Whether a worker has registered."""
    with reading(queue.database) as connection:
        return bool(leases.alive(connection, utcnow()))


if __name__ == "__main__":
    main()
