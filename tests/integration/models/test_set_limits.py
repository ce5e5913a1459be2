"""Limits that people set."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from models import set_limits
from models.session import reading, writing
from models.table import utcnow


def rows(database: Engine) -> list[tuple[object, ...]]:
    """What is set, as (account, model, rpm, tpm, concurrency)."""
    with reading(database) as connection:
        return [tuple(row)[:5] for row in set_limits.all_set(connection)]


def test_what_is_not_named_stays_as_it_was_set(database: Engine) -> None:
    """Setting one dimension after another adds up, and a second value replaces the first."""
    for limits in ({"rpm": 600.0}, {"concurrency": 8}, {"rpm": 0.5}):
        with writing(database) as connection:
            set_limits.set_limits(connection, "main", "M", limits, utcnow())
    assert rows(database) == [("main", "M", 0.5, None, 8)]


def test_unset_tells_whether_there_was_anything(database: Engine) -> None:
    """Only the budget that is named goes back to the configuration."""
    with writing(database) as connection:
        for model in ("M", "N"):
            set_limits.set_limits(connection, "main", model, {"tpm": 1000.0}, utcnow())
        assert set_limits.unset(connection, "main", "M")
        assert not set_limits.unset(connection, "main", "M")
    assert rows(database) == [("main", "N", None, 1000.0, None)]


@pytest.mark.parametrize("limits", [{"rpm": 0}, {"tpm": -1.0}, {"concurrency": 0}])
def test_nothing_is_limited_to_nought(database: Engine, limits: dict[str, float]) -> None:
    """A budget that lets nothing out is a pause, and there is a command for that."""
    with pytest.raises(IntegrityError), writing(database) as connection:
        set_limits.set_limits(connection, "main", "M", limits, utcnow())
