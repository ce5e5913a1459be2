"""Limits that people set while workers run. They stand above those of the configuration until they are unset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, Connection, Float, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.table import Moment, Row, Table, on_dialect

DIMENSIONS = ("rpm", "tpm", "concurrency")
_ABOVE_NOUGHT = " AND ".join(f"({name} IS NULL OR {name} > 0)" for name in DIMENSIONS)


class SetLimits(Table):
    """What one account may spend on one model. NULL, or no row: as the configuration says."""

    __tablename__ = "set_limits"

    account: Mapped[str] = mapped_column(Text, primary_key=True)
    model: Mapped[str] = mapped_column(Text, primary_key=True)
    #: Requests a minute.
    rpm: Mapped[float | None] = mapped_column(Float)
    #: Tokens a minute, in and out.
    tpm: Mapped[float | None] = mapped_column(Float)
    #: Calls at a time.
    concurrency: Mapped[int | None]
    set_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (CheckConstraint(_ABOVE_NOUGHT, name="limits_above_nought"),)


def set_limits(
    connection: Connection, account: str, model: str, limits: Mapping[str, float | int], now: datetime
) -> None:
    """Set some of `DIMENSIONS` of one budget; those not named stay as they were set."""
    key = {"account": account, "model": model}
    values = {**{name: limits[name] for name in DIMENSIONS if name in limits}, "set_at": now}
    statement = on_dialect(connection, SetLimits).values(**key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def unset(connection: Connection, account: str, model: str) -> bool:
    """Let the configuration decide again. True if anything was set."""
    ours = (SetLimits.account == account, SetLimits.model == model)
    return bool(connection.execute(delete(SetLimits).where(*ours)).rowcount)


def all_set(connection: Connection) -> Sequence[Row]:
    """Return the rows of all budgets whose limits were set by people."""
    return connection.execute(select(SetLimits.__table__).order_by(SetLimits.account, SetLimits.model)).all()
