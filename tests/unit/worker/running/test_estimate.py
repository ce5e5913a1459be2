"""How many tokens an answer is expected to take."""

from __future__ import annotations

from typing import Any

import pytest

from worker.provider.reply import Usage
from worker.running.estimate import FIRST_GUESS_TOKENS, OutputEstimate


@pytest.mark.parametrize(
    ("request_fields", "tokens"),
    [
        ({}, FIRST_GUESS_TOKENS),
        ({"max_tokens": 50}, 50),
        ({"max_completion_tokens": 60, "max_tokens": 50}, 60),
        ({"max_tokens": 10**6}, FIRST_GUESS_TOKENS),
        ({"max_tokens": "50"}, FIRST_GUESS_TOKENS),
    ],
)
def test_the_first_guess_is_bounded_by_the_request(request_fields: dict[str, Any], tokens: int) -> None:
    """Never more than the request allows; what is no number bounds nothing."""
    assert OutputEstimate().tokens("m", request_fields) == tokens


def test_it_learns_each_models_length_with_a_margin() -> None:
    """The first answer is the mean, later ones move it by a tenth; other models are untouched."""
    estimate = OutputEstimate()
    estimate.learn("m", Usage(1, 100, 101))
    assert estimate.tokens("m", {}) == 121
    estimate.learn("m", Usage(1, 200, 201))
    assert estimate.tokens("m", {}) == 133
    assert estimate.tokens("other", {}) == FIRST_GUESS_TOKENS


@pytest.mark.parametrize("usage", [None, Usage(0, 0, 50)])
def test_what_tells_no_length_teaches_nothing(usage: Usage | None) -> None:
    """Legacy v1 reports the total alone."""
    estimate = OutputEstimate()
    estimate.learn("m", usage)
    assert estimate.tokens("m", {}) == FIRST_GUESS_TOKENS
