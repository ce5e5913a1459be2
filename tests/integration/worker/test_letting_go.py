"""What an ended job leaves to the garbage collector: nothing that is as long as its prompt.

The collector comes seldom, and what it would have to find are all the prompts that failed since.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mmq.sandbox.faults.registry import FAULTS
from support.engine import Rig, running
from support.waiting import eventually

LENGTH = 3_000
#: Ways to fail that hold up no other job: the rest are refusals for a limit in other wrappings, and what pauses.
FAULTY = [name for name, fault in FAULTS.items() if fault.code not in {1002, 2056} and name != "redirect"]
FAILING = ("1002x1", "1027", "1000x1", *(f"{name}x1" for name in FAULTY))
HASTE = {"MMQ_FIRST_BYTE_TIMEOUT": "1", "MMQ_IDLE_TIMEOUT": "1", "MMQ_CALLS": "100", "MMQ_RPM": "60000"}


@contextmanager
def without_collector() -> Iterator[list[object]]:
    """Let nobody collect cycles meanwhile, and give what only the collector would have freed."""
    cycles: list[object] = []
    gc.collect()
    gc.disable()
    try:
        yield cycles
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        cycles += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def texts(cycles: list[object]) -> list[str]:
    """Return the beginnings of all long texts that cycles hold."""
    seen = {id(thing) for thing in gc.get_objects()} - {id(thing) for thing in cycles}  # what lives, and is not asked
    found, ways = [], list(cycles)
    while ways:
        thing = ways.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, str | bytes | bytearray):
            found += [str(thing[:200])] if len(thing) >= LENGTH else []
        else:
            ways += gc.get_referents(thing) if gc.is_tracked(thing) else ()
    return found


@pytest.mark.parametrize("stream", [False, True])
def test_no_prompt_waits_for_the_collector(rig: Rig, caplog: pytest.LogCaptureFixture, *, stream: bool) -> None:
    """Whatever became of its calls, a job's prompt and answer are gone with its last line in the ledger."""
    caplog.set_level(logging.CRITICAL, "worker")
    with running(rig, **HASTE):
        rig.ended(*rig.submit("[[mmq:1002x1]]"))  # a script unknown to Redis is an error that redis-py keeps, once
        prompts = [f"[[mmq:{how}]] {'word ' * (LENGTH // 5)}" for how in FAILING]
        with without_collector() as cycles:
            for job_id in rig.submit(*prompts, stream=stream):
                rig.ended(job_id)
            eventually(lambda: rig.engine.in_hand == 0)
    assert cycles, "a run without any cycle has not been looked at"
    assert not texts(cycles)
