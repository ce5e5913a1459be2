"""How a command ends when it cannot do what was asked: one clear message with its remedy, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mmq.report.words import safe
from worker.errors import ConfigurationError, InvalidRequest, MmqError, NotFound

FAILED, USAGE, SOME_FAILED, INTERRUPTED, READER_LEFT = 1, 2, 3, 130, 141


@contextmanager
def explained() -> Iterator[None]:
    """Turn an error that we know into a message on stderr and an exit code; let others through."""
    try:
        yield
    except MmqError as error:
        complain(error)
        sys.exit(exit_code(error))
    except Exception as error:
        message = _of_the_database(error) or _of_the_system(error)
        if message is None:
            raise
        _print(message)
        sys.exit(FAILED)


def complain(error: MmqError) -> None:
    """Print an error on stderr: every problem with its remedy on a line of its own."""
    if not isinstance(error, ConfigurationError | InvalidRequest):
        _print(str(error))
        return
    for problem in error.problems:
        _print(f"{problem.field}: {problem.message}")
        if problem.remedy:
            print(f"     {safe(problem.remedy, lines=True)}", file=sys.stderr)


def exit_code(error: MmqError) -> int:
    """Return 2 for what whoever typed the command can mend by typing or setting something else, 1 for the rest.

    141 where nobody reads on: as shells have it of a program that is ended by a closed pipe.
    """
    from mmq.formats.write import ReaderLeft  # noqa: PLC0415

    if isinstance(error, ReaderLeft):
        return READER_LEFT
    return USAGE if isinstance(error, ConfigurationError | InvalidRequest | NotFound) else FAILED


def _print(message: str) -> None:
    print(f"mmq: {safe(message, lines=True)}", file=sys.stderr)


def _of_the_database(error: Exception) -> str | None:
    from sqlalchemy.exc import DBAPIError, ProgrammingError  # noqa: PLC0415

    from worker import outage  # noqa: PLC0415

    if isinstance(error, ProgrammingError):
        return f"the database does not have this version's tables ({outage.brief(error)}); run `alembic upgrade head`"
    if outage.is_outage(error):
        service = "the database" if isinstance(error, DBAPIError) else "Redis"
        return f"{service} cannot be used: {outage.brief(error)}"
    return None


def _of_the_system(error: Exception) -> str | None:
    """A disk that is full, a file that may not be written: whoever typed the command can mend it."""
    if not isinstance(error, OSError) or error.strerror is None:
        return None
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
