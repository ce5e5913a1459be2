"""The lanes: priority classes, each with a Celery queue of its own."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """Members stand in the order of their urgency."""

    INTERACTIVE = "interactive"  #: somebody is waiting for the answer
    DEFAULT = "default"  #: ordinary work
    BULK = "bulk"  #: whenever there is room
