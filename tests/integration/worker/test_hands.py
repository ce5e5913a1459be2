"""How many jobs a worker holds."""

from __future__ import annotations

from support.engine import Rig, running
from support.waiting import eventually
from worker.running.restraint import LEAST


def test_a_worker_holds_only_what_it_may_soon_send(rig: Rig) -> None:
    """Of twelve jobs at 40 a minute, with eight calls free, it holds two that wait, and the call that is out."""
    first, *_ = rig.submit(*(str(number) for number in range(12)))
    with running(rig, MMQ_RPM="40") as engine:
        rig.ended(first)
        eventually(lambda: engine.in_hand >= LEAST)
        assert engine.in_hand <= LEAST + 1
