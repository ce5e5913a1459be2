"""Reads CSV with a header: a `prompt` column, and others by the names that requests use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from mmq.formats.csv_records import CsvRecord, csv_records
from mmq.formats.record import BadLine, Draft, Notice, bad_line
from mmq.formats.request import short_draft
from worker.errors import Problem
from worker.provider.quoting import quote

_NUMBERS = frozenset({"temperature", "top_p", "max_tokens", "max_completion_tokens", "tokens_to_generate"})
_COLUMNS = _NUMBERS | {"prompt", "custom_id", "system", "model", "service_tier"}

_undecoded = re.compile("[\udc80-\udcff]")


def read_table(stream: BinaryIO) -> Iterator[Draft | BadLine | Notice]:
    """Yield one draft a record. An empty cell counts as not given; a record that is empty throughout is skipped.

    Without a prompt column the one bad line is the header, since no record can be understood.
    Columns that have no meaning are named in one notice.
    """
    records = csv_records(stream)
    header = next(records, None)
    if header is None:
        return
    if isinstance(header, BadLine):
        yield header
        return
    columns = [cell.strip().casefold() for cell in header.cells]
    problems = _header_problems(columns, header)
    if problems:
        yield BadLine(header.number, None, tuple(problems))
        return
    if unknown := [quote(cell) for cell in header.cells if cell.strip().casefold() not in _COLUMNS]:
        message = f"not used: {', '.join(unknown)}"
        yield Notice(header.number, Problem("columns", message, f"known are {', '.join(sorted(_COLUMNS))}"))
    for record in records:
        if isinstance(record, BadLine):
            yield record
        else:
            yield _draft(columns, record)


def _header_problems(columns: list[str], header: CsvRecord) -> list[Problem]:
    problems = []
    if "prompt" not in columns:
        found = ", ".join(quote(cell) for cell in header.cells[:8])
        problems.append(Problem("prompt", f"no column of this name; the header has {found}", "name one column prompt"))
    return problems + [
        Problem(name, f"{columns.count(name)} columns of this name", "keep one")
        for name in sorted(_COLUMNS)
        if columns.count(name) > 1
    ]


def _draft(columns: list[str], record: CsvRecord) -> Draft | BadLine:
    if len(record.cells) != len(columns):
        message = f"{len(record.cells)} cells, the header has {len(columns)}"
        remedy = "put cells that hold commas, quotes or line ends in quotes, and double the quotes in them"
        return bad_line(record.number, "record", message, remedy)
    fields: dict[str, Any] = {}
    for column, cell in zip(columns, record.cells, strict=True):
        if column not in _COLUMNS:
            continue
        if byte := _undecoded.search(cell):
            message = f"not UTF-8: byte 0x{ord(byte[0]) - 0xDC00:02X} at character {byte.start() + 1}"
            return bad_line(record.number, column, message, "save the file as UTF-8")
        if column == "prompt":
            fields[column] = cell
        elif cell.strip():
            fields[column] = _number(cell) if column in _NUMBERS else cell
    return short_draft(record.number, fields)


def _number(cell: str) -> int | float | str:
    """Return the number a cell holds, or the cell, which preflight then names. `500.0`, of a spreadsheet, is 500."""
    try:
        number = float(cell)
    except ValueError:
        return cell
    return int(number) if number.is_integer() and "e" not in cell.casefold() else number
