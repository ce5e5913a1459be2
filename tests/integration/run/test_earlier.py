"""What an earlier run left, where the database cannot be asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmq.report.screen import Plain
from mmq.run.ask import asked
from mmq.run.earlier import earlier
from mmq.run.plan import plan
from worker.errors import Unavailable
from worker.settings import load


def test_a_database_that_is_away_is_not_one_that_knows_nothing(tmp_path: Path) -> None:
    """A run would say that OUT is nobody's, and whoever then added --fresh would pay again; a plan goes without it."""
    source = tmp_path / "in.txt"
    source.write_text("Hello\n")
    away = load({"MMQ_HOME": str(tmp_path / "home"), "MMQ_DATABASE_URL": "postgresql://mmq:hidden@127.0.0.1:1/mmq"})
    ask = asked(str(source), "-", "-", lane="default")
    with pytest.raises(Unavailable, match="database") as told:
        earlier(ask, away)
    assert "hidden" not in str(told.value)
    assert plan(ask, away, 500, Plain(sys.stderr)).good == 1
