"""Where an error came from, for the log: its classes and source lines, never its words.

The message of an error may quote what it is about: PostgreSQL's DETAIL shows the row that it refused, which holds a
prompt or an answer.
"""

from __future__ import annotations

import traceback

LONGEST_CHAIN = 10


def of(error: BaseException) -> str:
    """Return an error's class and the lines it passed, innermost last; below it the errors that led to it."""
    parts: list[str] = []
    link: BaseException | None = error
    while link is not None and len(parts) < LONGEST_CHAIN:
        lines = "".join(traceback.format_tb(link.__traceback__)).rstrip()
        parts.append(f"{type(link).__module__}.{type(link).__name__}\n{lines}".rstrip())
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\ncaused by ".join(parts)
