"""What a contender is asked, and how it answers. Standard library alone: contenders run in environments of their own.

The harness sets `BENCH_TASK`; a contender prints lines of JSON: `enqueued` (seconds), `begun` (where the clock starts
before the first call), `urgent` (name to the moment of its submission), `done` and `lost`. Moments are of `time.time`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POLL_S = 0.05
SELDOM_S = 0.5  # while most is to be done: asking costs a millisecond, which is counted as the contender's
URGENT_CALLS = 5
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Task:
    """One run. `contest` is throughput, limit or priority; `variant` tells two of one contender apart.

    `url` is the provider's API root; `redis` and `postgresql` are empty and its own. At most `in_flight` calls at a
    time, over `processes`; `rps` and `concurrency` are the limits that it is told, where there are some.
    """

    contest: str
    variant: str
    url: str
    redis: str
    postgresql: str
    folder: str
    jobs: int
    in_flight: int
    processes: int
    size_bytes: int = 0
    rps: int | None = None
    concurrency: int | None = None

    @classmethod
    def read(cls) -> Task:
        return cls(**json.loads(os.environ["BENCH_TASK"]))

    @property
    def each(self) -> int:
        """Calls in flight of each process."""
        return max(1, self.in_flight // self.processes)

    @property
    def endpoint(self) -> str:
        """Where peers ask: MiniMax's OpenAI form, which they know."""
        return f"{self.url}/chat/completions"

    def prompts(self) -> list[str]:
        """Distinct prompts of the size asked for."""
        return list(self.each_prompt())

    def each_prompt(self) -> Iterator[str]:
        """The same, made as they are asked for."""
        filler = "word " * (self.size_bytes // 5)
        return (f"Say ok to number {number}. {filler}" for number in range(self.jobs))


def body(prompt: str) -> dict[str, Any]:
    """Return the request of a prompt."""
    return {"model": "MiniMax-M2.7", "messages": [{"role": "user", "content": prompt}]}


def tell(**facts: Any) -> None:
    """Say something to the harness."""
    print(json.dumps(facts), flush=True)


def stats(task: Task) -> dict[str, Any]:
    """Return what the provider has counted."""
    with urllib.request.urlopen(task.url.removesuffix("/v1") + "/stats") as answered:
        found: dict[str, Any] = json.load(answered)
    return found


def wait_for(task: Task, reached: Callable[[dict[str, Any]], bool], look_s: float = POLL_S) -> dict[str, Any]:
    """Return the provider's counts once they are so; the harness bounds the wait."""
    while not reached(found := stats(task)):
        time.sleep(look_s)
    return found


def wait_for_all(task: Task) -> float:
    """Return the moment of the last answer, once all are there."""
    wait_for(task, lambda found: found["answered"] >= 0.8 * task.jobs, SELDOM_S)
    last: float = wait_for(task, lambda found: found["answered"] >= task.jobs)["last"]
    return last


@contextmanager
def workers(task: Task, *command: str) -> Iterator[None]:
    """Run a worker command in as many processes as asked, in the contenders' folder."""
    environ = {**os.environ, "PYTHONPATH": str(HERE)}
    running = [subprocess.Popen(command, cwd=HERE, env=environ, stdout=sys.stderr) for _ in range(task.processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()  # all is measured by now, and what they would still tidy up is thrown away
        for process in running:
            process.wait()


def compete(
    task: Task,
    enqueue: Callable[[list[str]], None],
    command: tuple[str, ...],
    urgent: Callable[[str], object] | None = None,
) -> None:
    """Play a contest with a queue: fill it, start its workers, see it through. `urgent` submits one before others."""
    begun = time.time()
    enqueue(task.prompts())
    tell(enqueued=time.time() - begun)
    with workers(task, *command):
        if urgent is not None and task.contest == "priority":
            ask_urgently(task, urgent)
            tell(done=time.time(), lost=0)
        else:
            tell(done=wait_for_all(task), lost=0)


def ask_urgently(task: Task, urgent: Callable[[str], object]) -> None:
    """Submit urgent jobs one after the other into the backlog, each when the one before it was answered."""
    wait_for(task, lambda found: found["answered"] >= 4 * task.in_flight)
    for number in range(URGENT_CALLS):
        name = f"urgent-{number}"
        moment = time.time()
        urgent(f"Say ok to {name}, now.")
        tell(urgent={name: moment})
        wait_for(task, lambda found, name=name: len(found["urgent"].get(name, ())) == 2)  # type: ignore[misc]
