"""What counts as an outage, how it is waited out, and what a log line may say of it."""

from __future__ import annotations

import logging
import sqlite3
import threading

import psycopg
import pytest
import redis.exceptions
from kombu.exceptions import OperationalError as BrokerError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from worker import outage

PASSING = (
    psycopg.errors.AdminShutdown,
    psycopg.errors.CrashShutdown,
    psycopg.errors.CannotConnectNow,
    psycopg.errors.TooManyConnections,
    psycopg.errors.DiskFull,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)
SQL = "INSERT INTO jobs VALUES (:request)"
PROMPT = "a prompt that nobody may read"


def sqlite(name: str) -> OperationalError:
    """What SQLAlchemy raises when SQLite says this."""
    error = sqlite3.OperationalError(f"{name} it says")
    error.sqlite_errorname = name
    return OperationalError(SQL, {"request": PROMPT}, error)


def postgresql(kind: type[DBAPIError], error: type[psycopg.Error]) -> DBAPIError:
    """What SQLAlchemy raises when psycopg raises this."""
    return kind(SQL, {"request": PROMPT}, error(f"it says\nDETAIL:  Failing row contains ({PROMPT})."))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *[(sqlite(name), True) for name in ("SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED", "SQLITE_FULL")],
        *[(sqlite(name), True) for name in ("SQLITE_IOERR_WRITE", "SQLITE_CANTOPEN")],
        *[(sqlite(name), False) for name in ("SQLITE_ERROR", "SQLITE_READONLY", "SQLITE_CORRUPT")],
        (postgresql(OperationalError, psycopg.OperationalError), True),
        *[(postgresql(OperationalError, error), True) for error in PASSING],
        (postgresql(InterfaceError, psycopg.InterfaceError), True),
        (postgresql(OperationalError, psycopg.errors.ProgramLimitExceeded), False),
        (postgresql(IntegrityError, psycopg.errors.UniqueViolation), False),
        (postgresql(DataError, psycopg.errors.StringDataRightTruncation), False),
        (DBAPIError(SQL, {}, psycopg.Error("gone"), connection_invalidated=True), True),
        (redis.exceptions.ConnectionError("refused"), True),
        (redis.exceptions.BusyLoadingError("loading"), True),
        (BrokerError("refused"), True),
        (ConnectionResetError(), True),
        (ValueError("ours"), False),
        (KeyError("ours"), False),
    ],
    ids=lambda value: None if isinstance(value, bool) else f"{type(value).__name__}-{outage.brief(value)[:40]}",
)
def test_an_outage_is_told_from_a_fault(error: BaseException, expected: bool) -> None:
    """Away, busy or restarting is waited for; wrong SQL or a refused value never heals by waiting."""
    assert outage.is_outage(error) is expected


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only notes for how long somebody would have slept."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


def test_an_outage_is_waited_out_and_logged_once_each_way(waits: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """Nine times away: doubling waits up to five seconds, one line when it goes, one when it is back."""
    tries: list[bool] = []

    def action(again: bool) -> str:
        tries.append(again)
        if len(tries) < 10:
            raise sqlite("SQLITE_BUSY")
        return "done"

    with caplog.at_level(logging.DEBUG):
        assert outage.outlast("database", action) == "done"
    assert tries == [False] + [True] * 9
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert [record.getMessage().partition(":")[0].partition(" after")[0] for record in caplog.records] == [
        "database is away, waiting",
        "database is back",
    ]
    assert PROMPT not in caplog.text


def test_nobody_waits_for_a_service_who_is_closing() -> None:
    """What keeps it away is raised instead of being waited for."""
    closing = threading.Event()
    tries: list[bool] = []

    def action(again: bool) -> None:
        tries.append(again)
        closing.set()
        raise sqlite("SQLITE_BUSY")

    with pytest.raises(OperationalError, match="SQLITE_BUSY"):
        outage.outlast("database", action, closing=closing)
    assert tries == [False]


def test_a_service_that_is_there_is_not_mentioned(waits: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """No wait, no line."""
    with caplog.at_level(logging.DEBUG):
        assert outage.outlast("database", lambda again: again) is False
    assert (waits, caplog.records) == ([], [])


def test_a_fault_is_raised_at_once(waits: list[float]) -> None:
    """Also after an outage: what comes out is the fault itself."""
    script = iter([sqlite("SQLITE_BUSY"), sqlite("SQLITE_ERROR")])

    def action(_again: bool) -> None:
        raise next(script)

    with pytest.raises(OperationalError, match="SQLITE_ERROR"):
        outage.outlast("database", action)
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (postgresql(IntegrityError, psycopg.errors.CheckViolation), "CheckViolation: it says"),
        (sqlite("SQLITE_FULL"), "OperationalError: SQLITE_FULL it says"),
        (ValueError("one\ntwo"), "ValueError: one"),
        (ValueError(), "ValueError"),
        (ValueError("x" * 999), "ValueError: " + "x" * 200),
    ],
)
def test_a_brief_error_repeats_no_row(error: BaseException, said: str) -> None:
    """Neither the statement, nor its parameters, nor PostgreSQL's DETAIL, which shows the row."""
    assert outage.brief(error) == said


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (redis.exceptions.ReadOnlyError("You can't write against a read only replica."), True),
        (redis.exceptions.ResponseError("Error running script: @user_script:9: -READONLY You can't write"), True),
        (redis.exceptions.ResponseError("UNBLOCKED force unblock from blocking operation, state changed"), True),
        (redis.exceptions.ResponseError("wrong number of arguments"), False),
        (redis.exceptions.ConnectionError("READONLY"), False),
    ],
)
def test_a_redis_that_became_a_replica_is_known_by_what_it_answers(error, expected):
    """To a command, to a script, to who waits for a list."""
    assert outage.is_demotion(error) is expected
