"""Tell someone the answer's text as it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from worker.provider.refusal import Refusal
from worker.provider.reply import Reply


class Listener:
    """Calls `on_text` with every piece that is not empty, until it raises.

    A listener that fails, on a closed pipe perhaps, is told no more and costs nobody the answer, which is paid; and
    its OSError is not taken for the network's.
    """

    __slots__ = ("_failure", "_on_text")

    def __init__(self, on_text: Callable[[str], None] | None) -> None:
        self._on_text = on_text
        self._failure: str | None = None

    def __call__(self, text: str) -> None:
        """Pass the text on."""
        if not text or self._on_text is None:
            return
        try:
            self._on_text(text)
        except Exception as exc:
            self._on_text = None
            self._failure = type(exc).__name__

    def noted_in(self, outcome: Reply | Refusal) -> Reply | Refusal:
        """Return the outcome, a reply with a warning if the listener failed."""
        if self._failure is None or isinstance(outcome, Refusal):
            return outcome
        note = f"whoever followed the answer failed: {self._failure}"
        return replace(outcome, warning=f"{outcome.warning}; {note}" if outcome.warning else note)
