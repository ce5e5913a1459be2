"""What all contenders of one round are asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchmarks.contenders.task import Task
from benchmarks.contest.entries import Contender

Contest = Literal["throughput", "limit", "priority"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`jobs` calls of `latency_ms`, at most `in_flight` at a time over `processes`.

    The provider holds to `rps` and `concurrency`; contenders are told `told` times as much. `limit_s` bounds a run.
    """

    name: str
    contest: Contest
    jobs: int
    in_flight: int
    latency_ms: float = 50.0
    processes: int = 1
    size_bytes: int = 0
    rps: int | None = None
    concurrency: int | None = None
    told: float = 1.0
    limit_s: float = 150.0

    def task(self, contender: Contender, url: str, redis: str, postgresql: str, folder: str) -> Task:
        """Return it as one contender is told of it."""
        return Task(
            contest=self.contest,
            variant=contender.variant,
            url=url,
            redis=redis,
            postgresql=postgresql,
            folder=folder,
            jobs=self.jobs,
            in_flight=self.in_flight,
            processes=self.processes,
            size_bytes=self.size_bytes,
            rps=self.rps and round(self.rps * self.told),
            concurrency=self.concurrency and round(self.concurrency * self.told),
        )
