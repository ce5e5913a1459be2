"""From a batch's rows to the results file and the errors file."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from heapq import merge
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from mmq.formats.output import answered_line, failed_line
from mmq.formats.write import STDOUT, write_jsonl
from models import queries
from models.session import reading
from models.table import Row


def write_answers(database: Engine, batch_id: str, target: str) -> int:
    """Write the answers there are, in input order; return how many."""
    # Closed before the connection, also when a signal cuts the writing short.
    with reading(database) as connection, closing(answers(connection, batch_id)) as lines:
        return write_jsonl(target, lines)


def write_failures(database: Engine, batch_id: str, target: str, bad_lines: Iterable[dict[str, Any]] = ()) -> int:
    """Write the jobs that ended without an answer, and the lines that never became jobs, in input order.

    Return how many. Without any, no file is made; one that is there from before is emptied.
    """
    with reading(database) as connection, closing(queries.results(connection, batch_id, succeeded=False)) as rows:
        jobs = ((row.position, failure(row)) for row in rows)
        lines = ((bad["line"], bad) for bad in bad_lines)
        both = merge(jobs, lines, key=lambda item: item[0])
        first = next(both, None)
        if first is None and (target == STDOUT or not Path(target).exists()):
            return 0
        return write_jsonl(target, _lines(first, both))


def answers(connection: Connection, batch_id: str) -> Generator[dict[str, Any]]:
    """Yield the lines of the results file."""
    with closing(queries.results(connection, batch_id, succeeded=True)) as rows:
        for row in rows:
            body = json.loads(row.answer)
            status = row.http_status or 200
            yield answered_line(row.id, row.custom_id, request_id=row.request_id, body=body, status_code=status)


def failure(row: Row) -> dict[str, Any]:
    """Return the line of a job that ended without an answer."""
    if row.state != "failed":
        remedy = f"`mmq retry {row.id}` asks it again"
        return failed_line(row.id, row.custom_id, code=row.state, message=f"the job was {row.state}", remedy=remedy)
    return failed_line(
        row.id,
        row.custom_id,
        code=row.error_code,
        message=row.error_message or "",
        remedy=row.error_remedy or "",
        status_code=row.http_status,
        request_id=row.request_id,
        body=row.error_body,
    )


def _lines(
    first: tuple[int, dict[str, Any]] | None, rest: Iterator[tuple[int, dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    if first is not None:
        yield first[1]
    for _, line in rest:
        yield line
