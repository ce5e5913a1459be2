"""The contests: which scenarios, by whom, how often. The short form fits into minutes; figures to publish are full."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmarks.contest.entries import (
    AIOHTTP,
    LIMITED,
    OURS_POSTGRESQL,
    OURS_SQLITE,
    PRIORITIES,
    QUEUES,
    SAQ,
    TASKIQ,
    Contender,
)
from benchmarks.contest.report import Columns
from benchmarks.contest.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Round:
    """A scenario, who plays it, and how often."""

    scenario: Scenario
    contenders: tuple[Contender, ...]
    repetitions: int


@dataclass(frozen=True, slots=True)
class Contest:
    """What is measured, and how its table looks."""

    columns: Columns
    rounds: tuple[Round, ...]

    @property
    def asked(self) -> dict[str, Any]:
        """What results must have been measured for, to be gone on with."""
        return {
            "rounds": [
                {**asdict(one.scenario), "by": [who.name for who in one.contenders], "repetitions": one.repetitions}
                for one in self.rounds
            ]
        }

    def only(self, names: Collection[str]) -> Contest:
        """Return it with those contenders alone whose name holds one of these; all where there are none."""
        if not names:
            return self
        rounds = [
            replace(one, contenders=tuple(who for who in one.contenders if any(name in who.name for name in names)))
            for one in self.rounds
        ]
        return replace(self, rounds=tuple(one for one in rounds if one.contenders))


def throughput(*, full: bool) -> Contest:
    """Calls of 50 ms through every queue, in one process and in two."""
    jobs, repetitions = 5000, 3 if full else 1

    def scenario(in_flight: int, processes: int) -> Scenario:
        many = f"{processes} process{'es' if processes > 1 else ''}"
        return Scenario(
            f"{jobs:,} calls of 50 ms, {in_flight} in flight, {many}", "throughput", jobs, in_flight, 50.0, processes
        )

    crowd = QUEUES if full else (OURS_SQLITE, OURS_POSTGRESQL, SAQ, TASKIQ, AIOHTTP)
    several = tuple(one for one in crowd if one.file != "bare.py")
    columns = Columns(
        "calls/s",
        more_is_better=True,
        others=("CPU ms a job", "CPU ms a job, Redis", "CPU ms a job, PostgreSQL", "peak MB", "enqueued/s", "lost"),
        ours=OURS_POSTGRESQL.name,
    )
    rounds = (
        Round(scenario(50, 1), QUEUES, repetitions),
        Round(scenario(500, 1), crowd, repetitions),
        Round(scenario(500, 2), several, repetitions),
    )
    return Contest(columns, rounds)


def limit(*, full: bool) -> Contest:
    """300 calls of 200 ms where 20 a second may go and 10 at once: told so, and told twice as much."""
    right = Scenario(
        "20 a second, 10 at once; told so", "limit", 300, 100, latency_ms=200, rps=20, concurrency=10, limit_s=90
    )
    twice = replace(right, name="20 a second, 10 at once; told twice that", told=2.0)
    columns = Columns("seconds", more_is_better=False, others=("refusals", "lost", "peak MB"), ours=OURS_SQLITE.name)
    repetitions = 3 if full else 1
    crowd = LIMITED if full else tuple(one for one in LIMITED if one is not OURS_POSTGRESQL)
    return Contest(columns, tuple(Round(one, crowd, repetitions) for one in (right, twice)))


def priority(*, full: bool) -> Contest:
    """Five urgent calls, one after the other, into a backlog of 10,000 of 200 ms, 50 in flight."""
    scenario = Scenario("a backlog of 10,000, 50 in flight of 200 ms", "priority", 10_000, 50, 200, limit_s=120)
    columns = Columns(
        "until the call, median ms",
        more_is_better=False,
        others=("until the call, longest ms", "until the answer, median ms"),
        ours=OURS_POSTGRESQL.name,
    )
    # LiteLLM's queue has each of the ten thousand ask every 30 ms whether it is its turn: two minutes, for no answer.
    patient = tuple(one for one in PRIORITIES if one.environment == "litellm")
    crowd = tuple(one for one in PRIORITIES if one not in patient)
    rounds = (Round(scenario, crowd, 3), Round(scenario, patient, 1)) if full else (Round(scenario, crowd, 1),)
    return Contest(columns, rounds)


CONTESTS: Mapping[str, Callable[..., Contest]] = {"throughput": throughput, "limit": limit, "priority": priority}
