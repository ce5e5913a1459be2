"""Splits CSV into records so that one broken quote costs one record and not the rest of the file."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from mmq.formats.physical import MAX_LINE_BYTES, overlong, physical_lines
from mmq.formats.record import BadLine, bad_line

_DELIMITERS = (",", ";", "\t")  # spreadsheets write semicolons where the comma separates decimals

_QUOTING = "put the cell in quotes, and double each quote within it"

_Numbered = tuple[int, bytes | None]  # None: a line over the limit


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """One record, and the line it begins on. Bytes that are not UTF-8 stand as lone surrogates U+DC80 to U+DCFF."""

    number: int
    cells: list[str]


def csv_records(stream: BinaryIO) -> Iterator[CsvRecord | BadLine]:
    """Yield the records, blank ones skipped; the delimiter is the one under which the header has a prompt column.

    A quote that is never closed would swallow the rest of the file: its line alone is bad, and reading goes on with the
    next. A stray quote is bad as well, for what follows it may be half of another cell, and would be paid for.
    Holds at most `MAX_LINE_BYTES` at a time.
    """
    # The limit is the whole process's, 128 KiB unless set; long prompts are what we are here for.
    csv.field_size_limit(max(2 * MAX_LINE_BYTES, csv.field_size_limit()))
    lines = _Lines(physical_lines(stream))
    delimiter = _delimiter(lines.peek())
    while True:
        try:
            # A reader for each record: after an error the old one's state is of no use.
            cells = next(csv.reader(lines, delimiter=delimiter, strict=True), None)
        except csv.Error as error:
            taken, cut_short = lines.take()
            if cut_short:
                lines.give_back(taken[1:])
                yield bad_line(taken[0][0], "record", "a quote is opened here and never closed", _QUOTING)
            else:
                yield _broken(taken, str(error))
            continue
        taken, _ = lines.take()
        if not taken:
            return
        if cells is None:
            yield overlong(taken[0][0])
        elif sum(raw.count(b'"') for _, raw in taken if raw) % 2:
            yield _broken(taken, "a quote stands in a cell that is not in quotes")
        elif any(map(str.strip, cells)):
            yield CsvRecord(taken[0][0], cells)


def _broken(taken: list[_Numbered], reason: str) -> BadLine:
    first, last = taken[0][0], taken[-1][0]
    span = f" (lines {first} to {last})" if last > first else ""
    return bad_line(first, "record", f"not CSV: {reason}{span}", _QUOTING)


def _delimiter(header: str) -> str:
    for delimiter in _DELIMITERS:
        if "prompt" in (cell.strip(' "\r\n').casefold() for cell in header.split(delimiter)):
            return delimiter
    return _DELIMITERS[0]


class _Lines:
    """What csv reads from: remembers the lines it took for the present record, and can be given some back."""

    def __init__(self, source: Iterator[_Numbered]) -> None:
        self._source = source
        self._waiting: deque[_Numbered] = deque()
        self._taken: list[_Numbered] = []
        self._bytes = 0
        self._cut_short = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._next()
        if line is not None:
            self._taken.append(line)
            if line[1] is not None and self._bytes + len(line[1]) <= MAX_LINE_BYTES:
                self._bytes += len(line[1])
                return _text(line[1])
        self._cut_short = True
        raise StopIteration

    def take(self) -> tuple[list[_Numbered], bool]:
        """Begin a new record; return the lines of the last one, and whether more were asked for than there were."""
        taken = self._taken, self._cut_short
        self._taken, self._bytes, self._cut_short = [], 0, False
        return taken

    def give_back(self, lines: list[_Numbered]) -> None:
        """Have these lines read again, first."""
        self._waiting.extendleft(reversed(lines))

    def peek(self) -> str:
        """Return the first line that is not blank, without taking it; nothing if there is none."""
        passed: list[_Numbered] = []
        while line := self._next():
            passed.append(line)
            if line[1] is None or line[1].strip():
                break
        self.give_back(passed)
        return _text(passed[-1][1] or b"") if passed else ""

    def _next(self) -> _Numbered | None:
        return self._waiting.popleft() if self._waiting else next(self._source, None)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
