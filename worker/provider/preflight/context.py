"""Checks that the prompt fits the model's context."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from worker.provider.account import Api
from worker.provider.catalogue import Catalogue, Model
from worker.provider.preflight.finding import Finding
from worker.provider.quoting import quote
from worker.provider.tokens import estimate_prompt_tokens

# The estimate is off by a fifth on ordinary text. Within this margin MiniMax decides: refusing costs nothing there
# (2013, context window exceeds limit), while a prompt held back here would be lost.
MARGIN = 1.25


def context_findings(
    request: Mapping[str, Any], api: Api, model: Model | None, catalogue: Catalogue
) -> Iterator[Finding]:
    """Refuse a prompt that is over the context beyond doubt; warn of one that may be, or leaves no room to answer."""
    if model is None or model.context_tokens is None:
        return
    tokens, context = estimate_prompt_tokens(request), model.context_tokens
    if tokens > context:
        message = f"about {tokens:,} tokens, {model.id} holds {context:,}"
        yield Finding("messages", message, _remedy(tokens, api, catalogue), fatal=tokens > context * MARGIN)
        return
    answer = request.get("max_completion_tokens") or request.get("max_tokens")
    if isinstance(answer, int) and tokens + answer > context:
        message = f"about {tokens:,} tokens and {quote(answer)} for the answer, {model.id} holds {context:,}"
        yield Finding("messages", message, "ask for a shorter answer", fatal=False)


def _remedy(tokens: int, api: Api, catalogue: Catalogue) -> str:
    longer = [
        f"{m.id} ({m.context_tokens:,})"
        for m in catalogue.models
        if m.current and api in m.apis and m.context_tokens is not None and m.context_tokens >= tokens
    ]
    return "shorten or split the prompt" + (f", or use {' or '.join(longer)}" if longer else "")
