"""A pause: a lane or an account that gets no work until it is resumed, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.table import Moment, Table

LANE, ACCOUNT = "lane", "account"


class Pause(Table):
    """One paused lane or account. The row's absence means that it is open."""

    __tablename__ = "pauses"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    paused_at: Mapped[datetime] = mapped_column(Moment)
    #: When one job is let through to see whether the trouble is over; NULL waits for a person.
    probe_at: Mapped[datetime | None] = mapped_column(Moment)
    #: MiniMax's code that paused an account, with what it means and how to mend it; NULL if a person paused it.
    code: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Text)
    remedy: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (CheckConstraint(f"kind IN ('{LANE}', '{ACCOUNT}')", name="kind_known"),)
