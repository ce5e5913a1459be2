"""Database URLs: two databases, our drivers, no password in an error."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from sqlalchemy import event

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


def libpq(url: str) -> dict[str, Any]:
    """What libpq is asked for by the engine of a URL."""
    asked: dict[str, Any] = {}
    engine = open_database(url)

    @event.listens_for(engine, "do_connect")
    def note(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        asked.update(parameters)
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        engine.connect()
    return asked


def test_a_vanished_host_is_given_up_as_soon_as_its_url_says() -> None:
    """Within half a minute by default; what the URL sets is left as it is."""
    assert libpq("postgresql://h/d")["tcp_user_timeout"] == 25_000
    assert (
        libpq("postgresql://h/d?tcp_user_timeout=5000&connect_timeout=2").items()
        >= {
            "tcp_user_timeout": "5000",
            "connect_timeout": "2",
            "keepalives_idle": 10,
        }.items()
    )


def test_a_url_may_name_several_hosts() -> None:
    """A primary and its standbys: libpq gets all of them, and how to tell the primary."""
    asked = libpq("postgresql://u@/d?host=a:5432&host=b:5433&target_session_attrs=read-write")
    assert (asked["host"], asked["port"], asked["target_session_attrs"]) == ("a,b", "5432,5433", "read-write")
