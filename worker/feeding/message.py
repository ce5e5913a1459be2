"""The message by which the feeder announces jobs to the workers: ids, and nothing that is not in SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from celery import Celery

TASK = "minimax.run"
VERSION = 1


def build(lane: str, ids: Sequence[str]) -> dict[str, Any]:
    """Return the message's arguments: `{"version": 1, "lane": str, "jobs": [id, ...]}`."""
    return {"version": VERSION, "lane": lane, "jobs": list(ids)}


def publisher(app: Celery) -> Callable[[str, Sequence[str]], None]:
    """Return the function that sends the message to a lane's queue."""

    def publish(lane: str, ids: Sequence[str]) -> None:
        app.send_task(TASK, kwargs=build(lane, ids), queue=lane, ignore_result=True, retry=False)

    return publish
