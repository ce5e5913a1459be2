"""Gives every line its custom_id, by which its owner finds the answer again."""

from __future__ import annotations

import re

from worker.errors import Problem
from worker.provider.quoting import quote

MAX_CUSTOM_ID_CHARACTERS = 256

_default_id = re.compile("line-([1-9][0-9]{0,11})")
_unprintable = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class CustomIds:
    """The ids of one input, in the order of its lines. Holds them all: about 150 bytes a line that names its own."""

    def __init__(self) -> None:
        self._line_of: dict[str, int] = {}
        self._unnamed = bytearray(1)  # 1 at the number of each line that was called line-N: a byte a line, not 150

    def claim(self, number: int, given: object) -> tuple[str | None, Problem | None]:
        """Return the id of line `number`, `line-N` if it was given none, and what is wrong with it.

        An id that stands on an earlier line is refused, even if that line was bad: its failure is reported by the id.
        The id is None if what was given cannot serve as one.
        """
        if given is None:
            return self._default(number)
        if not isinstance(given, str):
            return None, Problem("custom_id", f"must be a string, not {quote(given)}", "put it in quotes")
        if problem := _fault(given):
            return None, problem
        first = self._unnamed_line(given) or self._line_of.setdefault(given, number)
        if first != number:
            return given, Problem("custom_id", f"{quote(given)} stands on line {first} already", "make it unique")
        return given, None

    def _default(self, number: int) -> tuple[str, Problem | None]:
        name = f"line-{number}"
        if name in self._line_of:
            message = f"the line has none, and {quote(name)} stands on line {self._line_of[name]}"
            return name, Problem("custom_id", message, "give the line a custom_id")
        self._unnamed.extend(bytes(number + 1 - len(self._unnamed)))
        self._unnamed[number] = 1
        return name, None

    def _unnamed_line(self, name: str) -> int | None:
        """Return the number of the line that was called this for want of an id."""
        if not (match := _default_id.fullmatch(name)):
            return None
        number = int(match[1])
        return number if number < len(self._unnamed) and self._unnamed[number] else None


def _fault(given: str) -> Problem | None:
    if not given:
        return Problem("custom_id", "is empty", "leave it out, or make it unique")
    if len(given) > MAX_CUSTOM_ID_CHARACTERS:
        message = f"{quote(given)} has {len(given):,} characters, at most {MAX_CUSTOM_ID_CHARACTERS} are kept"
        return Problem("custom_id", message, "shorten it")
    if _unprintable.search(given):
        return Problem("custom_id", f"{quote(given)} holds characters that cannot be printed", "remove them")
    return None
