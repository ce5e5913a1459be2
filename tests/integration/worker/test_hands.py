"""How many jobs a worker holds."""

from __future__ import annotations

from models import leases
from models.session import reading
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


def test_a_fast_worker_claims_ahead_and_calls_no_more_than_it_may(rig: Rig) -> None:
    """When the calls stop to end, all its places are taken, and jobs claimed for the next ones stand in line."""
    calls = 8
    quick = rig.submit(*(str(number) for number in range(300)))
    rig.submit(*(f"Endless {number} [[mmq:hang]]" for number in range(3 * calls)))

    def held() -> int:
        with reading(rig.database) as connection:
            return len(leases.holds(connection, engine.worker_id))

    with running(rig, MMQ_CALLS=str(calls), MMQ_RPM="6000000") as engine:
        for job_id in quick:
            rig.ended(job_id)
        eventually(lambda: held() > calls)
        assert held() <= 2 * calls
        assert rig.sandbox.stats()["max_in_flight"] == calls
