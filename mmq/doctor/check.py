"""What one look found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  #: jobs run, but not as one would wish, or it could not be told
    FAIL = "fail"  #: jobs cannot run


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what to do about it where something is to be done."""

    name: str
    level: Level
    found: str
    remedy: str = ""


def ok(name: str, found: str) -> Check:
    """Nothing is to be done."""
    return Check(name, Level.OK, found)


def warn(name: str, found: str, remedy: str) -> Check:
    """Something should be done."""
    return Check(name, Level.WARN, found, remedy)


def fail(name: str, found: str, remedy: str) -> Check:
    """Something must be done."""
    return Check(name, Level.FAIL, found, remedy)
