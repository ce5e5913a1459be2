"""What the model says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.call import Call
from mmq.sandbox.contract.models import MODELS
from mmq.sandbox.reply.answer import Length, compose

MakeCall = Callable[..., Call]


def test_answer_names_its_prompt_and_is_always_the_same(make_call: MakeCall) -> None:
    """Digest first, words after; another prompt has another answer."""
    first, again, other = (compose(make_call(p), MODELS["MiniMax-M2.5"], Length()) for p in ("hi", "hi", "ho"))
    assert first == again
    assert first.text.startswith("sandbox:675b797826f34c78 ")
    assert other.text.split()[0] != first.text.split()[0]


@pytest.mark.parametrize("words", [(0, 0), (5, 5), (8, 24), (300, 400)])
def test_length_is_within_its_bounds(make_call: MakeCall, words: tuple[int, int]) -> None:
    """Words besides the header, over many prompts."""
    model, length = MODELS["MiniMax-Text-01"], Length(*words)
    counts = [len(compose(make_call(f"p{n}"), model, length).text.split()) - 1 for n in range(50)]
    assert words[0] <= min(counts) <= max(counts) <= words[1]


@pytest.mark.parametrize(
    ("fields", "reasoning", "pieces", "finish"),
    [
        ({}, 6, 11, "stop"),
        ({"max_tokens": 17}, 6, 11, "stop"),
        ({"max_tokens": 16}, 6, 10, "length"),
        ({"max_completion_tokens": 7}, 6, 1, "length"),
        ({"tokens_to_generate": 6}, 6, 0, "length"),
        ({"max_tokens": 2}, 2, 0, "length"),
        ({"thinking": {"type": "disabled"}}, 0, 11, "stop"),
        ({"model": "MiniMax-Text-01"}, 0, 11, "stop"),
        ({"api": Api.V1}, 0, 11, "stop"),
    ],
)
def test_cap_cuts_reasoning_first(
    make_call: MakeCall, fields: dict[str, Any], reasoning: int, pieces: int, finish: str
) -> None:
    """Reasoning counts against the cap, and may leave nothing of the answer."""
    call = make_call(**fields)
    answer = compose(call, MODELS[call.model], Length(10, 10))
    assert (len(answer.reasoning), len(answer.pieces), answer.finish_reason) == (reasoning, pieces, finish)
    assert answer.total_tokens == call.prompt_tokens + reasoning + pieces


def test_prompt_tokens_are_a_quarter_of_the_bytes(make_call: MakeCall) -> None:
    """Forty letters are ten tokens, ten Chinese characters eight; each message adds three."""
    assert [make_call(text).prompt_tokens for text in ("x" * 40, "京" * 10)] == [13, 11]
