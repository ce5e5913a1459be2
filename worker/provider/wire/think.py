"""Part the reasoning, which MiniMax writes between `<think>` and `</think>`, from the answer."""

from __future__ import annotations

from enum import Enum, auto

OPENER = "<think>"
CLOSER = "</think>"


class _Place(Enum):
    LEAD = auto()  # nothing but space so far
    REASONING = auto()  # after the opener
    GAP = auto()  # after a closer, in the empty lines before the answer
    OPEN_TEXT = auto()  # text that began without an opener; a closer would still turn it into reasoning
    TEXT = auto()  # the answer, whatever tags it talks about


class ThinkSplitter:
    """Takes the content in any pieces; gives the answer as it becomes certain.

    Reasoning is recognised where MiniMax's models write it: at the very beginning, closed or not, or before a closer
    whose opener got lost. A tag in the midst of an answer is part of the answer, which may well be about tags.
    A closer without opener shows only when it arrives; by then `feed` has given the reasoning out as text, and
    `text` is what is right.
    """

    __slots__ = ("_fresh", "_held", "_place", "_reasoning", "_text")

    def __init__(self) -> None:
        self._place = _Place.LEAD
        self._held = ""  # what may turn out to be a tag, or the space around one
        self._text: list[str] = []
        self._fresh: list[str] = []  # the answer's part that the caller has not been given
        self._reasoning: list[str] = []

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._text)

    @property
    def reasoning(self) -> str:
        """The reasoning so far, without the space around it."""
        return "".join(self._reasoning).strip()

    @property
    def unclosed(self) -> bool:
        """Whether reasoning was begun and not ended: then the answer, if there is one, is inside."""
        return self._place is _Place.REASONING

    def feed(self, piece: str) -> str:
        """Return what this piece adds to the answer."""
        if self._place is _Place.TEXT:
            self._text.append(piece)
            return piece
        rest: str | None = self._held + piece
        self._held = ""
        while rest:
            rest = self._step(rest)
        fresh = "".join(self._fresh)
        self._fresh.clear()
        return fresh

    def finish(self) -> str:
        """Return what was held back in the hope of a tag."""
        held, self._held = self._held, ""
        if self._place is _Place.REASONING:
            self._reasoning.append(held)
            return ""
        if self._place is _Place.GAP:
            held = held.lstrip()
        if held:
            self._text.append(held)
        return held

    def _step(self, rest: str) -> str | None:
        match self._place:
            case _Place.LEAD | _Place.GAP:
                return self._before_text(rest)
            case _Place.REASONING:
                return self._within_reasoning(rest)
            case _Place.OPEN_TEXT:
                return self._within_open_text(rest)
            case _Place.TEXT:
                self._say(rest)
                return None

    def _say(self, text: str) -> None:
        self._text.append(text)
        self._fresh.append(text)

    def _before_text(self, rest: str) -> str | None:
        bare = rest.lstrip()
        if bare.startswith(OPENER):
            self._place = _Place.REASONING
            return bare[len(OPENER) :]
        if OPENER.startswith(bare):
            self._held = rest
            return None
        if self._place is _Place.LEAD:
            self._place = _Place.OPEN_TEXT
            return rest
        self._place = _Place.TEXT
        return bare

    def _within_reasoning(self, rest: str) -> str | None:
        head, closer, rest = rest.partition(CLOSER)
        if closer:
            self._reasoning.append(head)
            self._place = _Place.GAP
            return rest
        certain = len(head) - _overlap(head, CLOSER)
        self._reasoning.append(head[:certain])
        self._held = head[certain:]
        return None

    def _within_open_text(self, rest: str) -> str | None:
        head, closer, after = rest.partition(CLOSER)
        if not closer:
            certain = len(head) - _overlap(head, CLOSER)
            self._say(head[:certain])
            self._held = head[certain:]
            return None
        said = self.text + head
        if OPENER in said:
            self._place = _Place.TEXT
            return rest
        self._reasoning.append(said)
        self._text.clear()
        self._fresh.clear()
        self._place = _Place.GAP
        return after


def _overlap(text: str, tag: str) -> int:
    """Return how many of the text's last characters may be the beginning of the tag."""
    start = text.rfind("<", max(0, len(text) - len(tag) + 1))
    return len(text) - start if start >= 0 and tag.startswith(text[start:]) else 0
