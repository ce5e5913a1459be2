"""A worker: one process that claims jobs, and the lease under which it holds them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.table import Moment, Table


class Worker(Table):
    """One incarnation of a worker process. A restarted process is a new row.

    One heartbeat renews the lease of all jobs it holds, in one row, however many there are.
    """

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: As Celery and Flower name it: `celery@host`.
    name: Mapped[str] = mapped_column(Text)
    pid: Mapped[int]
    #: The lanes it serves, joined by commas, in order.
    lanes: Mapped[str] = mapped_column(Text)
    #: Calls it makes at a time.
    capacity: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Moment)
    #: After this moment its jobs may be rescued.
    lease_until: Mapped[datetime] = mapped_column(Moment)
