"""What is wrong with the lines of an input, said before the run."""

from __future__ import annotations

from collections.abc import Callable

from mmq.formats.record import BadLine, Line, Notice
from mmq.report.words import safe

MOST_SHOWN = 20


class Remarks:
    """Says the first bad lines and the first warnings as they come, and counts the others."""

    def __init__(self, say: Callable[[str], None], errors_file: str | None, most: int = MOST_SHOWN) -> None:
        """`most` of either kind are shown."""
        self._say = say
        self._errors_file = errors_file
        self._most = most
        self._bad = self._warned = 0

    def take(self, item: BadLine | Notice | Line) -> None:
        """Say what is wrong here, unless enough was said."""
        match item:
            case BadLine():
                self._bad += 1
                if self._bad <= self._most:
                    self._say(f"line {item.number}: " + safe(item.reasons))
            case Notice():
                self._say(f"line {item.number}: note: {safe(str(item.problem))}")
            case Line():
                self._warned += 1
                if self._warned <= self._most:
                    remarks = "; ".join(f"{found.field}: {found.message}" for found in item.warnings)
                    self._say(f"line {item.number}: warning: {safe(remarks)}")

    def finish(self) -> None:
        """Say how many were not shown."""
        if (more := self._bad - self._most) > 0:
            place = f", all in {self._errors_file}" if self._errors_file else ""
            self._say(f"… and {more:,} more bad lines{place}")
        if (more := self._warned - self._most) > 0:
            self._say(f"… and {more:,} more warnings")
