"""What an input asks of each model, added up."""

from __future__ import annotations

import pytest

from mmq.run.tally import Share, Tally, minutes
from worker.provider.catalogue import parse

PRICE = {"currency": "USD", "source": "s", "as_of": "2026-01"}
CATALOGUE = parse(
    {
        "checked": "2026-01-01",
        "model": [
            {
                "id": "M",
                "apis": ["v2"],
                "source": "s",
                "as_of": "2026",
                "price": [
                    {**PRICE, "input": 1.0, "output": 10.0, "up_to_prompt_tokens": 500},
                    {**PRICE, "input": 2.0, "output": 20.0},
                ],
            },
            {"id": "free", "apis": ["v2"], "source": "s", "as_of": "2026"},
        ],
    }
)


def asking(model: str, characters: int, **fields: int) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": "a" * characters}], **fields}


def test_each_request_pays_by_its_own_length() -> None:
    """A long prompt pays the dearer price for all of its tokens; a request's own limit bounds its answer."""
    tally = Tally(100, CATALOGUE)
    tally.add(asking("M", 4 * 72))  # 100 tokens with those of the request and the message
    tally.add(asking("M", 4 * 972, max_tokens=10))  # 1,000
    share = tally.shares["M"]
    assert (share.requests, share.prompt_tokens, share.answer_tokens) == (2, 1100, 110)
    assert share.cost == pytest.approx((100 * 1 + 100 * 10 + 1000 * 2 + 10 * 20) / 1e6)


def test_a_price_that_is_not_known_is_not_guessed() -> None:
    """Neither for a model without one nor for one that the catalogue lacks; the others are added up."""
    tally = Tally(100, CATALOGUE)
    for model in ("free", "M", "MiniMax-M99"):
        tally.add(asking(model, 4))
        tally.add(asking(model, 4))
    assert [tally.shares[model].cost is None for model in ("free", "M", "MiniMax-M99")] == [True, False, True]


@pytest.mark.parametrize(
    ("rpm", "tpm", "expected"),
    [(300, None, 3.0), (None, 1000, 90.0), (300, 1000, 90.0), (300, 1e9, 3.0), (None, None, None)],
)
def test_the_tighter_limit_decides(rpm: float | None, tpm: float | None, expected: float | None) -> None:
    """900 requests at 300 a minute take 3 minutes, their 90,000 tokens at 1,000 a minute 90."""
    assert minutes(Share(900, 80_000, 10_000), rpm, tpm) == expected
