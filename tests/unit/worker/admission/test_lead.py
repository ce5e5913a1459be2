"""How long before its moment a call is to be granted."""

from __future__ import annotations

import pytest

from worker.admission.lead import Lead


def test_the_lead_follows_a_slow_database_at_once_and_forgets_it_by_and_by():
    """A commit of 0.2 s asks for 0.24 s; forty quick ones later it is the least again; never over half a second."""
    lead = Lead(0.05)
    lead.took(0.2)
    assert lead.seconds == pytest.approx(0.24)
    for _ in range(40):
        lead.took(0.01)
    assert lead.seconds == 0.05
    lead.took(30.0)
    assert lead.seconds == 0.5
