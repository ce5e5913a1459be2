"""What reading an input gives: a line to run, a line that cannot be run, or a remark on the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from worker.errors import Problem
from worker.provider.preflight.finding import Finding


@dataclass(frozen=True, slots=True)
class Line:
    """One request, checked and ready to be enqueued."""

    number: int  #: of the line in the input, from 1; of the first line where a CSV record spans several
    custom_id: str  #: unique in the input; `line-N` where none was given
    request: dict[str, Any]  #: `{"model", "messages", ...}`, the defaults filled in
    warnings: tuple[Finding, ...] = ()  #: findings that do not stop it


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that will not be run, with every reason found."""

    number: int
    custom_id: str | None  #: None if the line could not be read, or its id cannot serve as one
    problems: tuple[Problem, ...]  #: at least one

    @property
    def reasons(self) -> str:
        """Every reason with its remedy; what concerns the line as a whole is not said to be of a field."""
        return "; ".join(str(problem).removeprefix("line: ") for problem in self.problems)

    def __str__(self) -> str:
        return f"line {self.number}: {self.reasons}"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the file as a whole that its owner should know, though every line can run."""

    number: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Draft:
    """One line that a reader understood, before its custom_id and its request are checked."""

    number: int
    custom_id: object  #: as given, of whatever type; None if none
    request: dict[str, Any] | None  #: None if there is none to check
    findings: tuple[Finding, ...] = ()  #: what is wrong with the line around the request
    written_as: tuple[str, ...] = ()  #: what the user called each message, if not `messages[i]`


def bad_line(number: int, field: str, message: str, remedy: str = "") -> BadLine:
    """Return a line that could not be read at all, for one reason."""
    return BadLine(number, None, (Problem(field, message, remedy),))
