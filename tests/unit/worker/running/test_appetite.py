"""Which queues a worker reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kombu.utils.scheduling import cycle_by_name

import celeryconfig
from worker.running import appetite

QUEUES = ["interactive", "default", "bulk"]


@pytest.fixture
def full() -> Iterator[list[bool]]:
    """Whether the worker of this process is full: change its one item."""
    state = [False]
    appetite.ask(lambda: state[0])
    yield state
    appetite.ask(lambda: False)


def test_a_full_worker_reads_the_interactive_queue_alone(full: list[bool]) -> None:
    """All queues in their order while it has room, whatever was read last; of the others none while it has not."""
    cycle = cycle_by_name(celeryconfig.broker_transport_options["queue_order_strategy"])()
    cycle.update(QUEUES)
    cycle.rotate("interactive")
    assert list(cycle.consume(3)) == QUEUES
    full[0] = True
    assert list(cycle.consume(3)) == ["interactive"]
    full[0] = False
    assert list(cycle.consume(3)) == QUEUES


def test_a_full_worker_without_interactive_jobs_reads_nothing(full: list[bool]) -> None:
    """It serves `bulk` alone."""
    cycle = appetite.Appetite()
    cycle.update(["bulk"])
    full[0] = True
    assert cycle.consume(1) == []
