"""A job's place in a worker's hands, as its execution sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """What an execution asks of the hands that hold it, and tells them."""

    soon: Callable[[], bool]  #: whether it can expect a grant within a moment
    take: Callable[[], Awaitable[bool]]  #: wait for a place among the calls in flight; False if it had it before
    denied: Callable[[], None]  #: a limit holds it up
    granted: Callable[[], None]  #: a call of it may go out
    answered: Callable[[], None]  #: its answer is only to be written, and another job may have its place
