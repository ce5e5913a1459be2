"""Pausing and resuming lanes and accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from models.job import Job
from models.pause import ACCOUNT, Pause
from models.table import Row, on_dialect

#: Those never claimed have a moment that somebody chose for them.
SENT_BACK = (Job.state == "queued", Job.finished_at.is_(None), Job.run_at.is_not(None), Job.claim > 0)


def pause(
    connection: Connection,
    kind: str,
    name: str,
    now: datetime,
    *,
    probe_at: datetime | None = None,
    code: str | None = None,
    reason: str | None = None,
    remedy: str | None = None,
) -> None:
    """Close a lane or an account, or change why it is closed."""
    key = {"kind": kind, "name": name}
    why = {"paused_at": now, "probe_at": probe_at, "code": code, "reason": reason, "remedy": remedy}
    statement = on_dialect(connection, Pause).values(**key, **why)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=why))


def resume(connection: Connection, kind: str, name: str) -> bool:
    """Open a lane or an account. True if it was closed. Jobs that were sent back until a probe are ready at once."""
    opened = bool(connection.execute(delete(Pause).where(Pause.kind == kind, Pause.name == name)).rowcount)
    if opened and kind == ACCOUNT:
        connection.execute(update(Job).where(*SENT_BACK).values(run_at=None))
    return opened


def ready(connection: Connection, job_id: str) -> None:
    """Let a job that was sent back not wait for its moment."""
    connection.execute(update(Job).where(*SENT_BACK, Job.id == job_id).values(run_at=None))


def take_probe(connection: Connection, kind: str, name: str, now: datetime, following: datetime) -> bool:
    """Move a probe that is due on to `following`. True for one caller only: the one that is to make it."""
    statement = update(Pause).where(Pause.kind == kind, Pause.name == name, Pause.probe_at <= now)
    return bool(connection.execute(statement.values(probe_at=following)).rowcount)


def paused(connection: Connection) -> Sequence[Row]:
    """Return the rows of all lanes and accounts that are closed."""
    return connection.execute(select(Pause.__table__).order_by(Pause.kind, Pause.name)).all()
