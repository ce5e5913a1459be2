"""Limits that are changed while a worker runs."""

from __future__ import annotations

from models import set_limits
from models.session import writing
from models.table import utcnow
from support.engine import MODEL, Rig, running
from support.waiting import eventually


def test_a_limit_set_meanwhile_holds_without_a_restart(rig: Rig) -> None:
    """Under one request a minute three jobs would take three minutes; a higher limit lets those go that wait."""
    with running(rig, MMQ_RPM="1"):
        ids = rig.submit("one", "two", "three")
        eventually(lambda: rig.engine.in_hand > 0)
        with writing(rig.database) as connection:
            set_limits.set_limits(connection, "default", MODEL, {"rpm": 6000.0}, utcnow())
        assert {rig.ended(job_id).state for job_id in ids} == {"succeeded"}
