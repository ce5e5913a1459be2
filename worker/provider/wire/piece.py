"""What one frame, or one whole body, says: the form that all three APIs are read into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """Words of the assistant: those new in a frame, or all of them."""

    content: str = ""
    reasoning: str = ""
    tool_calls: Sequence[Any] = ()

    def __bool__(self) -> bool:
        return bool(self.content or self.reasoning or self.tool_calls)


NOTHING = Said()


@dataclass(frozen=True, slots=True)
class Piece:
    """`delta` adds to what was said; `whole` repeats all of it, in a body or at the end of a stream."""

    delta: Said = NOTHING
    whole: Said | None = None
    finish_reason: str | None = None
