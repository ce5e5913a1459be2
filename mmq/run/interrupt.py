"""Ctrl-C and SIGTERM: the first ends the run in good order, the second hastens it, the third ends it at once."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Self

HASTE_S = 5  # what calls in flight still get after a second signal


class Interrupted(KeyboardInterrupt):
    """Somebody wants the run to end."""


class Interrupts:
    """Turns signals into `Interrupted`, raised in the main thread wherever it is, within the `with` block."""

    def __init__(self) -> None:
        #: The first signal that came, or None.
        self.signal: int | None = None
        self._count = 0
        self._before: dict[int, Any] = {}

    @property
    def exit_code(self) -> int:
        """As shells have it: 130 after SIGINT, 143 after SIGTERM."""
        return 128 + (self.signal or 0)

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        signal.alarm(0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def calm(self) -> None:
        """Take back the haste of a second signal, once nothing is left that it was meant for; a third is obeyed."""
        signal.alarm(0)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._count += 1
        if self._count == 1:
            self.signal = number
        if self._count == 2:
            # Whoever is stopping the workers goes on waiting for their calls, but not for long.
            signal.alarm(HASTE_S)
        else:
            raise Interrupted
