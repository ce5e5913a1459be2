"""Limits that people set while workers run, as a worker takes note of them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from support.simulated_cluster import BUDGET, SimulatedCluster
from support.simulated_provider import SimulatedProvider
from support.virtual_time import run_virtually
from worker.admission.limits import Limits
from worker.routing.steering import Steering

CONFIGURED = Limits(rpm=1, concurrency=5, burst_s=0.5)


def row(**limits: float) -> SimpleNamespace:
    """A row of `set_limits` for the budget."""
    return SimpleNamespace(
        account=BUDGET.account, model=BUDGET.model, **{"rpm": None, "tpm": None, "concurrency": None, **limits}
    )


async def waiting(rows: list[list[SimpleNamespace]], calls: int) -> float:
    """Let calls wait under one request a minute, steer after a second, and return when the last one went out."""
    cluster = SimulatedCluster(SimulatedProvider(), CONFIGURED, workers=1)
    steering = Steering(cluster.admissions[0], lambda _: CONFIGURED)
    jobs = [asyncio.create_task(cluster.job(0)) for _ in range(calls)]
    await asyncio.sleep(1.0)
    for seen in rows:
        steering.see(seen)
    took = max(await asyncio.gather(*jobs))
    await cluster.close()
    return took


@pytest.mark.parametrize(
    ("limits", "in_force"),
    [
        ({}, CONFIGURED),
        ({"rpm": 600.0}, Limits(rpm=600, concurrency=5, burst_s=0.5)),
        ({"tpm": 1000.0, "concurrency": 2}, Limits(rpm=1, tpm=1000, concurrency=2, burst_s=0.5)),
    ],
    ids=["nothing", "one", "the-others"],
)
def test_what_is_set_stands_above_what_is_configured(limits: dict[str, float], in_force: Limits) -> None:
    """Dimension by dimension, and for its own budget alone."""

    async def scenario() -> None:
        steering = Steering(SimulatedCluster(SimulatedProvider(), CONFIGURED, 1).admissions[0], lambda _: CONFIGURED)
        steering.see([row(**limits)])
        assert steering.limits(BUDGET) == in_force
        steering.see([])
        assert steering.limits(BUDGET) == CONFIGURED

    run_virtually(scenario())


def test_a_limit_that_is_raised_lets_those_go_that_wait_already() -> None:
    """Ten calls under one request a minute would take ten minutes; at 60 a minute from then on, ten seconds."""
    assert run_virtually(waiting([[row(rpm=60.0)]], calls=10)) < 13.0


def test_a_limit_that_is_lowered_holds_for_those_that_wait_already() -> None:
    """Raised and lowered again at once, they go no faster than configured: the third after two minutes."""
    assert run_virtually(waiting([[row(rpm=60.0)], []], calls=3)) > 110.0
