"""A question and its answer, with the form the answer takes."""

from __future__ import annotations

from dataclasses import dataclass

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.call import Call
from mmq.sandbox.contract.models import Model
from mmq.sandbox.reply.answer import Answer, think

_LEAKS = frozenset({"split_think", "think_opener_only", "think_closer_only"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """`model` is the one that answers and is echoed, which a quirk may make another than the one asked for."""

    call: Call
    answer: Answer
    model: Model
    quirks: frozenset[str] = frozenset()

    @property
    def leaks(self) -> bool:
        """Whether reasoning stands inside the content though the API would keep it apart, or has none."""
        return not _LEAKS.isdisjoint(self.quirks)

    @property
    def separates(self) -> bool:
        """Whether reasoning has fields of its own: always on v2, on the OpenAI path when asked for."""
        if self.leaks:
            return False
        split = self.call.body.get("reasoning_split") is True
        return self.call.api is Api.V2 or (self.call.api is Api.OPENAI and split)

    @property
    def inline(self) -> tuple[str, tuple[str, ...], str]:
        """Reasoning as it stands inside the content: opening tag, tokens, closing tag; all empty if it does not."""
        tokens = self.answer.reasoning
        if self.leaks:
            tokens = tokens or think(int(self.call.digest, 16))
        if not tokens or self.separates:
            return "", (), ""
        opener = "" if "think_closer_only" in self.quirks else "<think>\n"
        if not self.answer.pieces:
            # The cap fell within the reasoning, so it never came to close the tag.
            return opener, tokens, ""
        return opener, tokens, "\n\n" if "think_opener_only" in self.quirks else "\n</think>\n\n"
