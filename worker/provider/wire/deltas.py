"""Join the pieces of a streamed text, whether each adds to it or repeats it longer."""

from __future__ import annotations

_SURE_CHARS = 16  # a piece of this length does not begin with the whole piece before it by chance, three times running
_LIKELY_CHARS = 3  # the same for the two pieces of a short answer: "Hel", "Hello", but not "1", "10" or "ha", "haha"


class Deltas:
    """Accepts incremental pieces ("Hel", "lo") and cumulative ones ("Hel", "Hello").

    MiniMax's documents show the first, its SDK sample reads the second. One piece that begins with the piece before
    it proves nothing ("1", "10" in 110), so from then on pieces are held until one breaks the pattern or enough
    have kept to it. Incremental streams break it at their second piece and are passed on without delay.
    """

    __slots__ = ("_cumulative", "_held", "_text")

    def __init__(self) -> None:
        self._cumulative: bool | None = None
        self._held: list[str] = []  # while undecided: every piece, each beginning with the one before
        self._text: list[str] = []  # what has been given out

    @property
    def text(self) -> str:
        """What has been given out, in one."""
        return "".join(self._text)

    @property
    def empty(self) -> bool:
        """Whether no piece said anything."""
        return not self._text

    def feed(self, piece: str) -> str:
        """Return what this piece makes certain; the concatenation of all returns is the text."""
        if not piece:
            return ""
        if self._cumulative is None:
            return self._undecided(piece)
        if self._cumulative:
            text = self.text
            return self._give(piece.removeprefix(text))
        return self._give(piece)

    def finish(self, full: str = "") -> str:
        """Return what was held. `full` is the whole text where the stream repeats it at its end; it settles doubt."""
        held, self._held = self._held, []
        if len(held) < 2:
            return ""
        last = held[-1]
        cumulative = full == last if full else len(held) > 2 or len(held[0].strip()) >= _LIKELY_CHARS
        return self._settle(held, cumulative=cumulative)

    def _undecided(self, piece: str) -> str:
        if not self._held:
            self._held.append(piece)
            return self._give(piece)
        last = self._held[-1]
        self._held.append(piece)
        if piece == last or not piece.startswith(last):
            held, self._held = self._held, []
            return self._settle(held, cumulative=False)
        if len(self._held) > 2 and len(last) >= _SURE_CHARS:
            held, self._held = self._held, []
            return self._settle(held, cumulative=True)
        return ""

    def _settle(self, held: list[str], *, cumulative: bool) -> str:
        self._cumulative = cumulative
        return self._give(held[-1][len(held[0]) :] if cumulative else "".join(held[1:]))

    def _give(self, text: str) -> str:
        if text:
            self._text.append(text)
        return text
