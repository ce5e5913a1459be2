"""An event loop whose clock jumps: asyncio code that waits for hours runs in the time that its own work takes."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _NoWaiting(selectors.SelectSelector):
    """Instead of waiting for a timeout it is over at once, and the clock says so."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits and nothing is going to happen")
        self.clock += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Only timers and tasks: whatever needs the network, a thread or a process never happens here."""

    def __init__(self) -> None:
        self._no_waiting = _NoWaiting()
        super().__init__(self._no_waiting)

    def time(self) -> float:
        return self._no_waiting.clock


def run_virtually(main: Coroutine[Any, Any, Any]) -> Any:
    """Run it to its end like `asyncio.run` and return its result."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
