"""Add up a stream's frames, or one whole body, to the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from worker.provider.reply import Usage
from worker.provider.wire.deltas import Deltas
from worker.provider.wire.envelope import warnings_of
from worker.provider.wire.piece import Piece, Said
from worker.provider.wire.storable import storable
from worker.provider.wire.think import ThinkSplitter
from worker.provider.wire.tool_calls import ToolCalls
from worker.provider.wire.usage import usage_of


class Fold:
    """Takes payloads that are no refusals; a whole body is a stream of one frame.

    The whole text that ends a v2 or v1 stream is not added to the deltas, which have said it all; it is adopted
    where there were none.
    """

    def __init__(self, read: Callable[[Mapping[str, Any]], Piece | None]) -> None:
        self._read = read
        self._content = Deltas()
        self._reasoning = Deltas()
        self._splitter = ThinkSplitter()
        self._tools = ToolCalls()
        self._whole: Said | None = None
        self._half = ""  # the first half of a surrogate pair whose second is in the next frame
        self.payload: Mapping[str, Any] = {}  #: the last one that had a choice
        self.model = ""
        self.created = 0
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        self.warnings: dict[str, None] = {}  # a set that keeps its order
        self.chosen = False  #: whether any payload had a choice
        self.text = ""
        self.reasoning = ""
        self.tool_calls: tuple[dict[str, Any], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the answer has been said to its end; usage may still follow."""
        return self.finish_reason is not None or self._whole is not None

    @property
    def begun(self) -> bool:
        """Whether a word of the answer has come, of its reasoning or of a tool call."""
        return not (self._content.empty and self._reasoning.empty) or bool(self._tools)

    @property
    def unclosed(self) -> bool:
        """Whether the reasoning was never ended."""
        return self._splitter.unclosed

    def feed(self, payload: Mapping[str, Any]) -> str:
        """Return what the payload adds to the answer's text."""
        self._note(payload)
        piece = self._read(payload)
        if piece is None:
            return ""
        self.chosen = True
        self.payload = payload
        self.finish_reason = piece.finish_reason or self.finish_reason
        if piece.whole:
            self._whole = piece.whole
        if not piece.delta:
            return ""
        self._reasoning.feed(piece.delta.reasoning)
        self._tools.feed(piece.delta.tool_calls)
        return self._shown(self._splitter.feed(self._content.feed(piece.delta.content)))

    def finish(self) -> str:
        """Settle `text`, `reasoning` and `tool_calls`; return what was held back of the text."""
        whole = self._whole or Said()
        shown = self._splitter.feed(self._content.finish(whole.content) if not self._content.empty else whole.content)
        shown += self._splitter.finish()
        self._reasoning.finish(whole.reasoning)
        if not self._tools:
            self._tools.feed(whole.tool_calls)
        apart = whole.reasoning if self._reasoning.empty else self._reasoning.text
        self.text = storable(self._splitter.text)
        self.reasoning = storable("\n\n".join(part for part in (apart.strip(), self._splitter.reasoning) if part))
        self.tool_calls = self._tools.collected()
        return self._shown(shown, last=True)

    def _note(self, payload: Mapping[str, Any]) -> None:
        model = payload.get("model")
        if isinstance(model, str) and model:
            self.model = storable(model)
        created = payload.get("created")
        if isinstance(created, int) and 0 < created < 2**40:
            self.created = created
        self.usage = usage_of(payload.get("usage")) or self.usage
        self.warnings.update(dict.fromkeys(warnings_of(payload)))

    def _shown(self, text: str, *, last: bool = False) -> str:
        text = self._half + text
        self._half = ""
        if not last and text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return storable(text)
