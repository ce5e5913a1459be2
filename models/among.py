"""Asking for many ids in the way that is cheapest on each database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, String, any_, literal


def among(connection: Connection, column: Any, ids: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a column of text is one of `ids`. Uses an index on it."""
    condition: ColumnElement[bool]
    if connection.dialect.name == "postgresql":
        # One parameter for any number of ids. By `in_` there is one for each: the text differs from time to time, is
        # rendered and parsed anew, and cannot be prepared.
        condition = column == any_(literal(list(ids), ARRAY(String)))
    else:
        condition = column.in_(ids)  # json_each, the like of it on SQLite, takes 0.2 ms longer
    return condition
