"""What of a schema change would trouble workers of the version before, which go on reading and writing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, inspect


@dataclass(frozen=True, slots=True)
class Schema:
    """A database's columns as `{(table, column): facts}`, and its rules as `{(table, kind, name): what it says}`."""

    columns: dict[tuple[str, str], dict[str, Any]]
    rules: dict[tuple[str, str, str], object]

    @property
    def tables(self) -> set[str]:
        return {table for table, _ in self.columns}


def schema_of(database: Engine) -> Schema:
    """Read the schema as the database tells it."""
    found = inspect(database)
    columns, rules = {}, {}
    for table in found.get_table_names():
        for column in found.get_columns(table):
            columns[table, column["name"]] = column
        rules[table, "primary key", ""] = found.get_pk_constraint(table)["constrained_columns"]
        for check in found.get_check_constraints(table):
            rules[table, "check", str(check["name"])] = check["sqltext"]
        for key in found.get_foreign_keys(table):
            rules[table, "foreign key", str(key["name"])] = key["referred_table"]
        for index in found.get_indexes(table):
            if index["unique"]:
                rules[table, "unique", str(index["name"])] = index["column_names"]
    return Schema(columns, rules)


def troubles(before: Schema, after: Schema) -> list[str]:
    """Return what code that knows only `before` would stumble over; nothing if `after` only adds to it.

    A check that another of its name replaces is taken for a wider one: whether it is, only traffic can tell.
    """
    return sorted({*_of_columns(before, after), *_of_rules(before, after)})


def _of_columns(before: Schema, after: Schema) -> Iterator[str]:
    for (table, name), column in before.columns.items():
        now = after.columns.get((table, name))
        if now is None:
            yield f"{table}.{name} is gone"
            continue
        if str(now["type"]) != str(column["type"]):
            yield f"{table}.{name} is {now['type']}, was {column['type']}"
        if column["nullable"] and not now["nullable"]:
            yield f"{table}.{name} may no longer be null"
        if column["default"] is not None and now["default"] is None:
            yield f"{table}.{name} has lost its default"
    for (table, name), column in after.columns.items():
        new = table in before.tables and (table, name) not in before.columns
        if new and not column["nullable"] and column["default"] is None:
            yield f"{table}.{name} is new, and wants a value that old code does not give"


def _of_rules(before: Schema, after: Schema) -> Iterator[str]:
    for (table, kind, name), says in after.rules.items():
        was = before.rules.get((table, kind, name))
        if table in before.tables and was != says and (was is None or kind != "check"):
            yield f"{table} has a new rule: {kind} {name}".rstrip()
