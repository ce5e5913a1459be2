"""A batch: jobs submitted together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.table import Moment, Table


class Batch(Table):
    """One submission of many jobs. Its counts are those of its jobs, never stored twice."""

    __tablename__ = "batches"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: What it was made from, for people: a file name or the caller's word.
    name: Mapped[str] = mapped_column(Text)
    #: The same key twice is the same batch; NULL for batches that are new each time.
    idempotency_key: Mapped[str | None] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
