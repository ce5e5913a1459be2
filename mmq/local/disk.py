"""Whether there is room for what is to be recorded."""

from __future__ import annotations

import shutil
from pathlib import Path

LEAST_BYTES = 1_000_000  # some answers, and SQLite's journal of them


def shortage(folder: Path) -> str:
    """Return in words that the disk of a folder is full; nothing as long as it is not."""
    free = shutil.disk_usage(folder).free
    if free >= LEAST_BYTES:
        return ""
    return f"the disk of {folder} is full ({free / 1000:,.0f} kB free): nothing can be recorded until there is room"
