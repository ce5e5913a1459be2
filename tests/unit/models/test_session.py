"""Database URLs: two databases, our drivers, no password in an error."""

from __future__ import annotations

import traceback

import pytest

from models.session import database_url, open_database

ACCEPTED = {
    "sqlite:///jobs.db": "sqlite:///jobs.db",
    "sqlite+aiosqlite:////var/jobs.db": "sqlite:////var/jobs.db",
    "postgres://u:p@h/d": "postgresql+psycopg://u:p@h/d",
    "postgresql://u:p@h:5433/d?sslmode=require": "postgresql+psycopg://u:p@h:5433/d?sslmode=require",
    "postgresql+psycopg2://h/d": "postgresql+psycopg://h/d",
}


@pytest.mark.parametrize(("given", "used"), ACCEPTED.items())
def test_url_gets_the_driver_that_we_use(given: str, used: str) -> None:
    """Whatever driver a URL names, it is opened with ours; all else in it stays."""
    assert database_url(given).render_as_string(hide_password=False) == used


@pytest.mark.parametrize("given", ["", "jobs.db", "postgresql://u:x@MARKED@h:MARKED/d", "mysql://u:MARKED@h/d"])
def test_unusable_url_is_refused_without_quoting_it(given: str) -> None:
    """The error says what is wrong, and neither it nor its causes hold the password."""
    with pytest.raises(ValueError, match="database") as caught:
        database_url(given)
    told = "".join(traceback.format_exception_only(caught.value)) + repr(caught.value.__cause__)
    assert "MARKED" not in told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_engine_does_not_show_its_password() -> None:
    """An engine in a log line or a traceback is without the password."""
    engine = open_database("postgresql://u:MARKED@127.0.0.1:1/d")
    assert "MARKED" not in repr(engine)
