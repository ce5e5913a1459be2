"""What a worker keeps of a job when it has ended: nothing, however many have come and whatever became of them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

import pytest

from support.engine import Rig, running
from support.growth import held
from support.waiting import eventually
from worker.engine import Engine

WAVES = 3
A_LANE = 4  # jobs of each kind in each lane and wave
LANES = ("interactive", "default", "bulk")
OF_A_KIND = A_LANE * len(LANES)
#: What was granted in the last seconds, forgotten with the next claim.
WINDOWS = {"worker.running.restraint.Restraint._grants"}
#: What becomes of a job, by its prompt: answered, refused, answered at the second try, cut off and asked again.
KINDS = ("plain", "[[mmq:1027]]", "[[mmq:1000x1]]", "[[mmq:early_closex1]]")


def tasks(engine: Engine) -> Counter[str]:
    """Return the tasks of the engine's loop, by what they run."""

    async def look() -> Counter[str]:
        return Counter(task.get_coro().__qualname__ for task in asyncio.all_tasks())  # type: ignore[union-attr]

    return asyncio.run_coroutine_threadsafe(look(), engine._loop).result(10)


def wave(rig: Rig, number: int) -> None:
    """Let jobs of every kind come to their ends in every lane, the interactive ones streamed."""
    ids = []
    for kind in KINDS:
        for lane in LANES:
            prompts = [f"{number} {lane} {of} {kind}" for of in range(A_LANE)]
            ids += rig.submit(*prompts, lane=lane, stream=lane == "interactive")
    for job_id in ids:
        rig.ended(job_id)
    eventually(lambda: rig.engine.in_hand == 0)


def test_waves_of_jobs_leave_nothing_behind(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """After the last wave every object, container, cache and task of ours is as after the first."""
    caplog.set_level(logging.CRITICAL, "worker")  # pytest keeps every record, and a record the error that it names
    with running(rig, MMQ_RPM="60000") as engine:
        wave(rig, 0)
        before = held() + tasks(engine)
        for number in range(1, WAVES):
            wave(rig, number)
        grown: Counter[str] = Counter()

        def at_rest() -> bool:
            grown.clear()
            grown.update(held() + tasks(engine) - before)
            # One thing for each job of a kind would be as many; a heartbeat that is under way is a thing or two.
            return all(more < (WAVES - 1) * OF_A_KIND for place, more in grown.items() if place not in WINDOWS)

        try:
            eventually(at_rest)
        except AssertionError:
            raise AssertionError(f"more than before: {grown.most_common(20)}") from None
