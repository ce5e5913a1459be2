"""Statements that every job goes through, rendered once for each kind of database and handed to its driver as text.

What SQLAlchemy does at each execution of a statement takes two to four times as long as the statement. Here only its
types convert the parameters. Results come as the driver gives them: ask for text and numbers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

Statement = Select[*tuple[Any, ...]] | UpdateBase
Parameters = tuple[Any, ...] | dict[str, Any]  # by place or by name, as the driver wants them

MOST_ROUNDED = 512  # ids; beyond, a text of its own costs less than the places left


class Rendered:
    """A statement with named parameters. The parameter `ids` (`models.among`) may have any number of them."""

    def __init__(self, build: Callable[[str], Statement]) -> None:
        """Remember how to `build` it for a dialect; nothing is rendered before it is needed."""
        self._build = build
        self._texts: dict[tuple[str, int], _Text] = {}

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it once."""
        text = self._text(connection.dialect, len(values.get("ids", ())))
        return connection.exec_driver_sql(text.sql, text.arranged(values))

    def execute_for(self, connection: Connection, rows: Sequence[Any]) -> None:
        """Execute it for each row, an object that has the parameters as attributes."""
        text = self._text(connection.dialect, 0)
        take = attrgetter(*text.given)
        arranged = [text.arranged(dict(zip(text.given, take(row), strict=True))) for row in rows]
        connection.exec_driver_sql(text.sql, arranged)

    def _text(self, dialect: Dialect, ids: int) -> _Text:
        # The next power of two: few texts, which the driver keeps prepared, do for all numbers of ids. PostgreSQL has
        # one text for all, and takes them as an array.
        places = 1 << (ids - 1).bit_length() if 0 < ids <= MOST_ROUNDED else ids
        places = places if dialect.name == "sqlite" else 0
        if (dialect.name, places) not in self._texts:
            self._texts[dialect.name, places] = _Text(self._build(dialect.name), dialect, places)
        return self._texts[dialect.name, places]


class _Text:
    """What a driver is given: `sql`, and parameters in the form and order in which it wants them."""

    def __init__(self, statement: Statement, dialect: Dialect, places: int) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        binds = compiled.binds
        self.given = [name for name, bind in binds.items() if bind.required]
        self._fixed = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
        sample = {**self._fixed, **dict.fromkeys(self.given), "ids": [""] * places}
        expanded = compiled.construct_expanded_state(sample, escape_names=False)
        self.sql = expanded.statement
        self._places = expanded.parameter_expansion.get("ids", ())
        converters = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()}
        self._names = tuple(expanded.positiontup or expanded.parameters)
        self._order = [(name, converters.get(name)) for name in self._names]
        self._positional = compiled.positional

    def arranged(self, values: Mapping[str, Any]) -> Parameters:
        """Return the parameters. In places that are left stands the last id once more."""
        known = {**self._fixed, **values}
        if self._places:
            known.update(zip_longest(self._places, values["ids"], fillvalue=values["ids"][-1]))
        found = [known[name] if convert is None else convert(known[name]) for name, convert in self._order]
        return tuple(found) if self._positional else dict(zip(self._names, found, strict=True))
