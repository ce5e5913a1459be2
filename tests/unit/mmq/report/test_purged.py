"""What is said of a purge."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from mmq.report.purged import advice, told
from models.purge import Purged


def test_a_purge_is_told_in_one_line() -> None:
    """Rows and bytes, and whether they are gone or would be."""
    many = Purged(jobs=1200, attempts=1250, batches=1, bytes=3_100_000)
    assert told(many, dry_run=False) == "deleted 1,200 jobs, 1,250 attempts and 1 batch: 3.1 MB of text"
    assert told(Purged(bytes=420), dry_run=True) == "would delete 0 jobs, 0 attempts and 0 batches: 0.4 kB of text"


@pytest.mark.parametrize("url", ["sqlite:////srv/mmq.sqlite3", "postgresql://mmq:secret@db/mmq"])
def test_advice_names_what_frees_the_room(url: str) -> None:
    """And no password."""
    said = advice(make_url(url))
    assert "VACUUM" in said
    assert "secret" not in said
