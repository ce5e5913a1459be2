"""Adding up what an input asks of each model. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from worker.provider.catalogue import Catalogue, load
from worker.provider.tokens import estimate_prompt_tokens


@dataclass(slots=True)
class Share:
    """What is asked of one model so far. `cost` None: one of its requests has no price in the catalogue."""

    requests: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float | None = 0.0
    currency: str | None = None
    prices_as_of: str | None = None


class Tally:
    """Adds requests up, model by model."""

    def __init__(self, tokens_an_answer: int, catalogue: Catalogue | None = None) -> None:
        """`tokens_an_answer` is taken for each answer, or the request's own limit where that is lower."""
        self.shares: dict[str, Share] = {}
        self._tokens_an_answer = tokens_an_answer
        self._catalogue = catalogue or load()

    def add(self, request: Mapping[str, Any]) -> None:
        """Add a request `{"model", "messages", ...}`.

        1,000 tokens in at $0.30 a million and 500 out at $1.20: $0.0009.
        """
        name = str(request["model"])
        share = self.shares.setdefault(name, Share())
        prompt, answer = estimate_prompt_tokens(request), self._answer(request)
        share.requests += 1
        share.prompt_tokens += prompt
        share.answer_tokens += answer
        model = self._catalogue.find(name)
        price = model.price(prompt) if model else None
        if price is None or share.cost is None:
            share.cost = None
            return
        share.cost += (prompt * price.input + answer * price.output) / 1e6
        share.currency, share.prices_as_of = price.currency, price.as_of

    def _answer(self, request: Mapping[str, Any]) -> int:
        limit = request.get("max_completion_tokens") or request.get("max_tokens") or request.get("tokens_to_generate")
        return min(limit, self._tokens_an_answer) if isinstance(limit, int) else self._tokens_an_answer


def minutes(share: Share, rpm: float | None, tpm: float | None) -> float | None:
    """Return how long limits take to let a share through; None without any. 900 requests at 300 a minute: 3."""
    times = [share.requests / rpm] if rpm else []
    times += [(share.prompt_tokens + share.answer_tokens) / tpm] if tpm else []
    return max(times, default=None)
