"""How many tokens an answer will take, before it is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.provider.reply import Usage

FIRST_GUESS_TOKENS = 500
WEIGHT = 0.1  # of the newest answer in the running mean
MARGIN = 1.2  # reserved above the mean: settling refunds the rest


class OutputEstimate:
    """Running mean of the answers' length, per model, never above the request's own `max_tokens`."""

    def __init__(self) -> None:
        self._means: dict[str, float] = {}

    def tokens(self, model: str, request: Mapping[str, Any]) -> int:
        """Return what to reserve for the answer to a request."""
        mean = self._means.get(model)
        guess = FIRST_GUESS_TOKENS if mean is None else int(mean * MARGIN) + 1
        limit = request.get("max_completion_tokens") or request.get("max_tokens")
        return min(guess, limit) if isinstance(limit, int) else guess

    def learn(self, model: str, usage: Usage | None) -> None:
        """Take the length of an answer into the mean. Legacy v1 does not tell it, and changes nothing."""
        if usage is None or not usage.completion_tokens:
            return
        mean = self._means.get(model, float(usage.completion_tokens))
        self._means[model] = mean + WEIGHT * (usage.completion_tokens - mean)
