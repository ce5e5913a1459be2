"""The message by which the feeder announces jobs to the workers: ids, and nothing that is not in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

TASK = "minimax.run"
VERSION = 1


def build(lane: str, ids: Sequence[str]) -> dict[str, Any]:
    """Return the message's arguments: `{"version": 1, "lane": str, "jobs": [id, ...]}`."""
    return {"version": VERSION, "lane": lane, "jobs": list(ids)}
