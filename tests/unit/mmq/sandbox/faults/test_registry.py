"""The registry of behaviours."""

from __future__ import annotations

from mmq.sandbox.contract.codes import CODES
from mmq.sandbox.faults.registry import FAULTS, QUIRKS, complaint, listing


def test_listing_names_everything_once_with_a_description() -> None:
    """What `--list` prints: codes, faults and quirks, none without words."""
    rows = list(listing())
    names = [name for _, name, _ in rows]
    assert names == [*map(str, CODES), *FAULTS, *QUIRKS]
    assert len(set(names)) == len(names)
    assert all(description for _, _, description in rows)


def test_complaint_suggests_the_nearest_name() -> None:
    """A slip of the pen is answered with what was meant."""
    assert complaint("html_503") == "unknown behaviour 'html_503', did you mean 'html_502'"
    assert complaint("zzz") == "unknown behaviour 'zzz'"
    assert [complaint(name) for name in ("1002", "4711", "stall", "pings")] == [None] * 4
