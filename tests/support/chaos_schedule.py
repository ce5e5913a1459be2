"""What is done to the cluster, and when: the same seed gives the same schedule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

ROUND_S = 30.0  # in each: every way to harm a service once, and a worker killed every few seconds
FROZEN_S = 17.0  # past the lease of 15 s
KILL_EVERY_S = (3.0, 6.0)
REDIS_AWAY_S = (0.3, 3.0)
POSTGRESQL_AWAY_S = (0.5, 4.0)  # well under the lease: heartbeats must come through in between


class Deed(StrEnum):
    """What is done."""

    KILL_WORKER = "kill -9 a worker and start another"
    FREEZE_LEADER = "SIGSTOP the worker that feeds"
    WAKE = "SIGCONT it"
    FLUSH_REDIS = "flush Redis"
    KILL_REDIS = "kill -9 Redis"
    START_REDIS = "start Redis, empty"
    STOP_FAST = "stop PostgreSQL (fast)"
    STOP_IMMEDIATE = "stop PostgreSQL (immediate)"
    START_POSTGRESQL = "start PostgreSQL"


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """A deed, `at` seconds after the beginning. `slot` says which worker, where it is about one."""

    at: float
    deed: Deed
    slot: int = 0


def schedule(seed: int, seconds: float, workers: int) -> list[Event]:
    """Return the events of so many seconds, rounded up to whole rounds, in order."""
    chance = Random(seed)
    events: list[Event] = []
    start = 0.0
    while start < seconds:
        events += [*_kills(chance, start, workers), *_services(chance, start), *_freeze(chance, start)]
        start += ROUND_S
    return sorted(events)


def _kills(chance: Random, start: float, workers: int) -> Iterator[Event]:
    at = start + chance.uniform(*KILL_EVERY_S)
    while at < start + ROUND_S:
        yield Event(at, Deed.KILL_WORKER, chance.randrange(workers))
        at += chance.uniform(*KILL_EVERY_S)


def _services(chance: Random, start: float) -> Iterator[Event]:
    """Yield each harm to a service in a quarter of the round, in any order: one is back before the next goes away."""
    harms = [Deed.FLUSH_REDIS, Deed.KILL_REDIS, Deed.STOP_FAST, Deed.STOP_IMMEDIATE]
    chance.shuffle(harms)
    quarter = ROUND_S / len(harms)
    for number, harm in enumerate(harms):
        at = start + number * quarter + chance.uniform(0, quarter - POSTGRESQL_AWAY_S[1])
        yield Event(at, harm)
        if harm is Deed.KILL_REDIS:
            yield Event(at + chance.uniform(*REDIS_AWAY_S), Deed.START_REDIS)
        elif harm is not Deed.FLUSH_REDIS:
            yield Event(at + chance.uniform(*POSTGRESQL_AWAY_S), Deed.START_POSTGRESQL)


def _freeze(chance: Random, start: float) -> Iterator[Event]:
    at = start + chance.uniform(1.0, ROUND_S - FROZEN_S - 1.0)
    yield Event(at, Deed.FREEZE_LEADER)
    yield Event(at + FROZEN_S, Deed.WAKE)
