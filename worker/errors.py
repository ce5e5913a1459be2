"""Every error that this project raises, in one tree: each leaf names what happened, each branch what to do about it.

MmqError
├── ConfigurationError     mend the settings; lists every problem at once
├── InvalidRequest         mend the input; it never reached the queue
├── CallFailed             one call to MiniMax brought no answer; its verdict says what follows
├── Unavailable            a service of ours (Redis, the database) is away; wait
└── NotFound               no such job or batch
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class MmqError(Exception):
    """Base of every error raised on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what somebody gave us, and how to mend it."""

    field: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" + (f" ({self.remedy})" if self.remedy else "")


class ConfigurationError(MmqError):
    """The settings cannot be used. `problems` lists all of them, not the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class InvalidRequest(MmqError):
    """A generation request was refused before it was enqueued. `problems` lists why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class Unavailable(MmqError):
    """Redis or the database does not answer. Nothing is lost; try again when it is back."""


class NotFound(MmqError):
    """No job or batch has this id."""
