"""What refusals taught about the limits of accounts, kept for a Redis that has lost it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import CheckConstraint, Connection, Float, String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.table import Moment, Table, on_dialect

DIMENSIONS = ("requests", "tokens", "concurrency", "slope")
FIGURES = ("value", "top", "hold_s", "second", "minute", "window_s")


class LearnedLimit(Table):
    """One dimension of what one account may spend on one model. No row: what was told holds."""

    __tablename__ = "learned_limits"

    account: Mapped[str] = mapped_column(Text, primary_key=True)
    model: Mapped[str] = mapped_column(Text, primary_key=True)
    dimension: Mapped[str] = mapped_column(String(16), primary_key=True)
    #: Requests or tokens a minute, calls at once; for the slope how many times the calls of 6 s the next 6 s may hold.
    value: Mapped[float] = mapped_column(Float)
    #: Where the last refusal put it, 0 if it grew from its start and was never refused.
    top: Mapped[float] = mapped_column(Float)
    #: Seconds at the limit before it is tried to go beyond.
    hold_s: Mapped[float] = mapped_column(Float)
    #: What had gone out in the second and the minute before that refusal, and which window was believed: 1 or 60 s.
    second: Mapped[float] = mapped_column(Float)
    minute: Mapped[float] = mapped_column(Float)
    window_s: Mapped[float] = mapped_column(Float)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("value > 0", name="value_above_nought"),
        CheckConstraint(f"dimension IN {DIMENSIONS}", name="dimension_known"),
    )


def remember(
    connection: Connection, account: str, model: str, lessons: Mapping[str, Mapping[str, float]], now: datetime
) -> None:
    """Write `{dimension: {each of FIGURES: float}}`; dimensions not named are forgotten. The last writer wins."""
    gone = [dimension for dimension in DIMENSIONS if dimension not in lessons]
    _delete(connection, account, model, gone)
    for dimension, figures in lessons.items():
        key = {"account": account, "model": model, "dimension": dimension}
        values = {**figures, "updated_at": now}
        statement = on_dialect(connection, LearnedLimit).values(**key, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def recall(connection: Connection, account: str, model: str) -> dict[str, dict[str, float]]:
    """Return what `remember` wrote."""
    mine = select(LearnedLimit.__table__).where(LearnedLimit.account == account, LearnedLimit.model == model)
    return {row.dimension: {name: getattr(row, name) for name in FIGURES} for row in connection.execute(mine)}


def forget(connection: Connection, account: str, model: str) -> int:
    """Delete all that was learned of one budget. Return how many dimensions that were."""
    return _delete(connection, account, model, DIMENSIONS)


def _delete(connection: Connection, account: str, model: str, dimensions: tuple[str, ...] | list[str]) -> int:
    mine = (LearnedLimit.account == account, LearnedLimit.model == model)
    return connection.execute(delete(LearnedLimit).where(*mine, LearnedLimit.dimension.in_(dimensions))).rowcount
