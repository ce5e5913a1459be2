"""What a purge deleted, and what makes room of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.engine import URL

from mmq.report.words import counted

if TYPE_CHECKING:
    from models.purge import Purged


def told(purged: Purged, *, dry_run: bool) -> str:
    """Return one line: `deleted 1,200 jobs, 1,250 attempts and 3 batches: 3.1 MB of text`."""
    rows = f"{counted(purged.jobs, 'job')}, {counted(purged.attempts, 'attempt')}"
    rows += f" and {counted(purged.batches, 'batch', 'batches')}"
    return f"{'would delete' if dry_run else 'deleted'} {rows}: {_size(purged.bytes)} of text"


def advice(url: URL) -> str:
    """Return what becomes of the room, and how to give it back to the disk."""
    if url.get_backend_name() == "sqlite":
        file = url.database
        return f"mmq: {file} keeps its size and fills again; with all workers stopped, VACUUM makes it smaller"
    return "mmq: PostgreSQL uses the room again after its autovacuum; after a large purge run VACUUM (ANALYZE)"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"
