"""What the model says: deterministic text that names the prompt it answers.

`sandbox:<digest> amber birch cedar ...`, the digest being `contract.digest.expected_digest(messages)`. A token is one
piece: the header, or a word with the blank before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.call import Call
from mmq.sandbox.contract.models import Model

# Some words are no ASCII, so that an answer decoded or cut wrongly is seen.
_WORDS = (
    *("amber", "birch", "cedar", "délta", "ember", "fjord", "grove", "harbour", "iris", "jade", "kelp", "lotus"),
    *("北京", "maple", "naïve", "oak", "pearl", "quartz", "river", "sable", "tundra", "umber", "violet"),
    *("willow", "xenon", "yarrow", "zephyr", "🚀", "crème", "straße", "café", "señor"),
)
_REASONING_FALLBACK = 6


@dataclass(frozen=True, slots=True)
class Length:
    """How long answers are, in words: between `least` and `most`, the digest decides; reasoning is of one length."""

    least: int = 8
    most: int = 24
    reasoning: int = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer in tokens. `finish_reason` is `stop` or, cut by the request's cap, `length`."""

    reasoning: tuple[str, ...]
    pieces: tuple[str, ...]
    finish_reason: str
    prompt_tokens: int

    @property
    def text(self) -> str:
        """The answer proper."""
        return "".join(self.pieces)

    @property
    def reasoning_text(self) -> str:
        """The thoughts before it; empty where the model has none."""
        return "".join(self.reasoning)

    @property
    def completion_tokens(self) -> int:
        """Reasoning and answer together, as MiniMax counts them."""
        return len(self.reasoning) + len(self.pieces)

    @property
    def total_tokens(self) -> int:
        """Prompt and completion."""
        return self.prompt_tokens + self.completion_tokens

    def swollen(self, size_bytes: int) -> Answer:
        """Return this answer with filler of that many bytes at its end."""
        filler = (" " + "filler " * 142,) * (size_bytes // 995)
        return replace(self, pieces=self.pieces + filler)


def compose(call: Call, model: Model, length: Length) -> Answer:
    """Answer a call. Reasoning counts against the request's cap and may leave nothing of it."""
    seed = int(call.digest, 16)
    words = length.least + seed % (length.most - length.least + 1)
    thoughts = length.reasoning if model.thinks and call.thinking and call.api is not Api.V1 else 0
    cap = call.max_tokens or model.default_output_tokens
    reasoning = think(seed, min(thoughts, cap))
    pieces = (f"sandbox:{call.digest}", *_run(seed, words))[: cap - len(reasoning)]
    finish = "length" if cap < thoughts + 1 + words else "stop"
    return Answer(reasoning, pieces, finish, call.prompt_tokens)


def think(seed: int, words: int = _REASONING_FALLBACK) -> tuple[str, ...]:
    """Return so many tokens of reasoning."""
    return tuple(word.lstrip() if n == 0 else word for n, word in enumerate(_run(seed >> 7, words)))


def _run(seed: int, words: int) -> list[str]:
    start = seed % len(_WORDS)
    turns = (start + words) // len(_WORDS) + 1
    return _SPACED[start : start + words] if turns == 1 else (_SPACED * turns)[start : start + words]


_SPACED = [" " + word for word in _WORDS]
