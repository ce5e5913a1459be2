"""One call asks several accounts for leave, and takes the first that grants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from worker.admission.reservation import Wait
from worker.routing.desk import Desk, Grant


class Race:
    """Asks the first account, and each other one only when those before have told it to wait.

    So a call that goes straight through costs one question, and one that has to wait goes out wherever room comes
    first. Should two accounts grant it in the same moment, the second is given back unused.
    """

    def __init__(
        self, desks: Sequence[Desk], model: str, *, lane: str, tokens: int, on_wait: Callable[[Wait], None]
    ) -> None:
        self._desks = desks
        self._model, self._lane, self._tokens, self._on_wait = model, lane, tokens, on_wait
        self._asking: list[asyncio.Task[Grant]] = []
        self._waits: dict[str, Wait] = {}
        self._over = asyncio.Event()

    async def run(self, change: asyncio.Future[None]) -> Grant | None:
        """Return the first grant; None if `change` came first. Nothing is left behind, also when cancelled."""
        change.add_done_callback(self._end)
        grant: Grant | None = None
        try:
            self._ask_next()
            await self._over.wait()
            first = next((task for task in self._asking if task.done()), None)
            grant = first.result() if first else None
        finally:
            change.remove_done_callback(self._end)
            await self._leave(grant)
        return grant

    def _ask_next(self) -> None:
        desk = self._desks[len(self._asking)]
        asking = desk.ask(
            self._model, lane=self._lane, tokens=self._tokens, on_wait=lambda wait: self._told(desk, wait)
        )
        task = asyncio.create_task(asking, name=f"leave of {desk.name}")
        task.add_done_callback(self._end)
        self._asking.append(task)

    def _told(self, desk: Desk, wait: Wait) -> None:
        self._waits[desk.name] = wait
        if self._over.is_set() or len(self._waits) < len(self._asking):
            return
        if len(self._asking) < len(self._desks):
            self._ask_next()
        else:
            self._on_wait(min(self._waits.values(), key=lambda wait: wait.seconds))

    def _end(self, _done: asyncio.Future[Any]) -> None:
        self._over.set()

    async def _leave(self, grant: Grant | None) -> None:
        for task in self._asking:
            if not task.done():
                task.cancel()  # admission gives back what a cancelled question was granted
            elif not task.cancelled() and task.exception() is None and task.result() is not grant:
                await task.result().release()
