"""What every table shares: moments, names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from models import attempt, batch, job, pause, set_limits, worker
from models.state import Outcome
from models.table import Moment, Table, one_of, utcnow

TABLES = [module.__name__ for module in (attempt, batch, job, pause, set_limits, worker)]
DIALECTS = [postgresql.dialect(), sqlite.dialect()]
BERLIN = datetime(2026, 7, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))
SAME = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_naive_moment_is_refused(dialect: object) -> None:
    """A time without a zone does not get into the database."""
    with pytest.raises(ValueError, match="naive datetime"):
        Moment().process_bind_param(datetime(2026, 7, 1), dialect)  # type: ignore[arg-type]  # noqa: DTZ001


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_moment_comes_back_in_utc(dialect: object) -> None:
    """Whatever zone a moment was given in, or the server answers in, it is read as the same moment in UTC."""
    stored = Moment().process_bind_param(BERLIN, dialect)  # type: ignore[arg-type]
    for answered in (stored, BERLIN):
        read = Moment().process_result_value(answered, dialect)  # type: ignore[arg-type]
        assert (read, read and read.tzinfo) == (SAME, UTC)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_no_moment_is_none(dialect: object) -> None:
    """NULL stays None in both directions."""
    assert Moment().process_bind_param(None, dialect) is None  # type: ignore[arg-type]
    assert Moment().process_result_value(None, dialect) is None  # type: ignore[arg-type]


def test_now_is_aware() -> None:
    """The present moment has a zone, and it is UTC."""
    assert utcnow().tzinfo is UTC


def test_check_allows_the_members_of_an_enum() -> None:
    """The expression lists the stored words, not the Python names."""
    assert one_of("outcome", Outcome).startswith("outcome IN ('succeeded', 'failed', 'throttled',")


def test_every_index_and_constraint_is_named() -> None:
    """Nothing is left for the database to name: a later migration has to find it on both databases."""
    assert TABLES
    parts = [part for table in Table.metadata.tables.values() for part in (*table.constraints, *table.indexes)]
    assert len(parts) > 20
    assert all(part.name for part in parts)
