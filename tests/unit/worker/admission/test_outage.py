"""What is said and how long is waited while Redis is away."""

from __future__ import annotations

import logging

from worker.admission.outage import Outage


def test_an_outage_is_logged_once_each_way_and_retried_ever_more_slowly(caplog):
    """Seven failures and two successes make two lines; the waits double up to a second and begin anew."""
    caplog.set_level(logging.INFO)
    outage = Outage()
    outage.back()
    assert [outage.away(ConnectionError("refused")) for _ in range(7)] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    outage.back()
    outage.back()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "ConnectionError: refused" in caplog.records[0].getMessage()
    assert outage.away(ConnectionError("x" * 1000)) == 0.05
    assert len(caplog.records[-1].getMessage()) < 300
