"""Reading an input once, from its first line to its last, before any of it is enqueued."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Any, Self

from mmq.formats.output import bad_line_line
from mmq.formats.read import Judge, read
from mmq.formats.record import BadLine, Line, Notice
from mmq.formats.source import Format

MEMORY_BYTES = 32_000_000  # of the lines of one input; longer ones wait in an unlinked file
PROGRESS_EVERY = 1000


class Intake:
    """The lines of one input, checked: good ones and bad ones, each in their order. Memory is bounded.

    Everything is read before anything is enqueued, so that every bad line is known before the first call is paid.
    """

    def __init__(self, folder: Path | None) -> None:
        """Keep what does not fit into memory in an unlinked file in `folder`, or where the system keeps such files."""
        self.good = self.bad = self.warned = 0
        self.models: set[str] = set()
        self._good = _spool(folder)
        self._bad = _spool(folder)
        self._digest = sha256()

    @property
    def content_digest(self) -> str:
        """What the good lines say, in 40 hex digits."""
        return self._digest.hexdigest()[:40]

    def read(
        self,
        source: str,
        *,
        judge: Judge,
        model: str,
        format: Format | None,  # noqa: A002
        on_remark: Callable[[BadLine | Notice | Line], None],
        on_progress: Callable[[int], None],
    ) -> None:
        """Read all of it. `on_remark` hears of bad lines, notices and lines with warnings, `on_progress` of the count.

        Raises:
            InvalidRequest: there is no such input, or its format is unclear.
        """
        items = read(source, judge=judge, defaults={"model": model}, format=format)
        for count, item in enumerate(items, 1):
            match item:
                case Line():
                    self._take(item)
                case BadLine():
                    self.bad += 1
                    _append(self._bad, bad_line_line(item))
            if not isinstance(item, Line) or item.warnings:
                on_remark(item)
            if count % PROGRESS_EVERY == 0:
                on_progress(count)

    def lines(self, count: int) -> Iterator[list[tuple[int, str, dict[str, Any]]]]:
        """Yield the good lines again as (number, custom_id, request), up to `count` at a time."""
        self._good.seek(0)
        rows = (tuple(json.loads(raw)) for raw in self._good)
        while some := list(islice(rows, count)):
            yield some

    def bad_lines(self) -> Iterator[dict[str, Any]]:
        """Yield the bad lines as they stand in the errors file."""
        self._bad.seek(0)
        for raw in self._bad:
            yield json.loads(raw)

    def close(self) -> None:
        """Forget the lines."""
        self._good.close()
        self._bad.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, line: Line) -> None:
        self.good += 1
        self.warned += bool(line.warnings)
        self.models.add(str(line.request["model"]))
        self._digest.update(_append(self._good, [line.number, line.custom_id, line.request]))


def _append(spool: IO[bytes], row: list[Any] | Mapping[str, Any]) -> bytes:
    raw = json.dumps(row, separators=(",", ":")).encode() + b"\n"
    spool.write(raw)
    return raw


def _spool(folder: Path | None) -> IO[bytes]:
    return SpooledTemporaryFile(MEMORY_BYTES, mode="w+b", dir=None if folder is None else str(folder))
