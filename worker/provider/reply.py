"""One complete answer, the same for all three APIs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens MiniMax counted. Legacy v1 reports `total_tokens` alone and leaves the others 0."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    reasoning_tokens: int = 0  #: part of `completion_tokens`
    cached_tokens: int = 0  #: part of `prompt_tokens`


@dataclass(frozen=True, slots=True)
class Reply:
    """What MiniMax answered, reasoning kept apart from the text.

    `text` is empty when the answer is a tool call, or when reasoning used up `max_tokens` (`finish_reason` "length").
    `tool_calls` are `{"id", "type": "function", "function": {"name", "arguments": JSON text}}`.
    `usage` is None where MiniMax sent none or only zeros, as many streams do.
    `warning` is what a person should know of an answer that is nonetheless complete: a warning text beside
    `status_code` 0, another model than the one asked, a stream that did not end properly after its last word.
    """

    text: str
    reasoning: str
    tool_calls: tuple[dict[str, Any], ...]
    finish_reason: str
    model: str  #: as MiniMax echoes it; the one asked where it echoes none
    usage: Usage | None
    request_id: str | None
    http_status: int
    warning: str | None
    first_token_s: float | None  #: None without streaming
    total_s: float
    created: int = 0  #: Unix seconds, by MiniMax's clock; 0 where it sent none

    def to_chat_completion(self) -> dict[str, Any]:
        """Return the answer as an OpenAI `chat.completion` body: content without `<think>`, reasoning beside it."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if self.tool_calls:
            message["tool_calls"] = list(self.tool_calls)
            message["content"] = self.text or None
        body: dict[str, Any] = {
            "id": self.request_id or "",
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason}],
        }
        if self.usage is not None:
            body["usage"] = _openai_usage(self.usage)
        return body


def _openai_usage(usage: Usage) -> dict[str, Any]:
    body: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
    if usage.reasoning_tokens:
        body["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    if usage.cached_tokens:
        body["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    return body
