"""Reading one table of `mmq.toml`, field by field, with a complaint for whatever cannot be used as it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from worker.configuration.environment import Reader
from worker.errors import Problem


class Table:
    """Collects problems in the document's own list instead of stopping at the first. Values are never repeated."""

    def __init__(self, content: Mapping[str, Any], file: str, path: str, problems: list[Problem]) -> None:
        """Read `content`, which stands in `file` at `path`, as `accounts.spare`; the document itself has none."""
        self.content = content
        self.file = file
        self.path = path
        self.problems = problems

    def place(self, name: str) -> str:
        """Return where a field is, as `mmq.toml accounts.spare.rpm`."""
        return f"{self.file} {self.inner(name)}"

    def inner(self, name: str) -> str:
        """Return the path of a field inside the file."""
        return f"{self.path}.{name}" if self.path else name

    def problem(self, name: str, message: str, remedy: str) -> None:
        """Note that a field cannot be used as it is."""
        self.problems.append(Problem(self.place(name), message, remedy))

    def text(self, name: str) -> str | None:
        """Return a string, or None if there is none or an empty one."""
        value = self.content.get(name)
        if value is not None and not isinstance(value, str):
            self.problem(name, "must be a string", f'write {name} = "..."')
            return None
        return value or None

    def number(self, name: str) -> float | None:
        """Return a number above zero, or None if there is none."""
        value = self.content.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            self.problem(name, "must be a number above zero", f"write {name} = 500, or leave it out")
            return None
        return value

    def whole(self, name: str, *, least: int = 1) -> int | None:
        """Return a whole number from `least` on, or None if there is none."""
        value = self.content.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            self.problem(name, f"must be a whole number from {least} on", f"write {name} = 20, or leave it out")
            return None
        return value

    def fraction(self, name: str) -> float | None:
        """Return a number from 0 to below 1, or None if there is none."""
        value = self.content.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1):
            self.problem(name, "must be from 0 to below 1", f"write {name} = 0.1, or leave it out")
            return None
        return value

    def texts(self, name: str) -> list[str] | None:
        """Return a list of strings that is not empty, or None if there is none."""
        value = self.content.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
            self.problem(name, "must be a list of strings", f'write {name} = ["..."], or leave it out')
            return None
        return value

    def table(self, name: str, *, quoted: bool = False) -> Table:
        """Return a table inside this one, empty if there is none."""
        value = self.content.get(name, {})
        path = self.inner(f'"{name}"' if quoted else name)
        if not isinstance(value, Mapping):
            self.problem(name, "must be a table", f"write its fields under [{path}]")
            value = {}
        return Table(value, self.file, path, self.problems)

    def tables(self, name: str) -> list[Mapping[str, Any]]:
        """Return a list of tables, empty if there is none."""
        value = self.content.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.problem(name, "must be a list of tables", f"write [[{name}]] above each")
            return []
        return value

    def read_as(self, name: str, read: Callable[[Reader], Any]) -> tuple[Any, list[str]]:
        """Return what `read` makes of a field as if it were a variable of the environment, and its warnings."""
        value = self.text(name)
        reader = Reader({} if value is None else {name: value})
        found = read(reader)
        for problem in reader.problems:
            self.problem(name, problem.message, problem.remedy)
        return found, [f"{self.place('')}{warning}" for warning in reader.warnings]

    def refuse_others(self, known: Collection[str]) -> None:
        """Complain of every field that is not known, with the nearest one that is."""
        for name in self.content:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                remedy = f"did you mean {near[0]}?" if near else f"use {', '.join(sorted(known))}"
                self.problem(name, "is unknown", remedy)
