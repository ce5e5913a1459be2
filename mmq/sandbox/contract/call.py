"""What one request asks for, read from its body."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.contract.digest import content_text, digest

_ROLES = {"USER": "user", "BOT": "assistant"}


@dataclass(frozen=True, slots=True)
class Call:
    """One chat request, the same for all three APIs.

    `turns` are `(role, text)` in OpenAI's words whatever the API; `body` is what was sent.
    """

    api: Api
    request_id: str
    created: int
    body: dict[str, Any]
    turns: tuple[tuple[str, str], ...]
    digest: str

    @property
    def model(self) -> str:
        """The model asked for, as sent; empty when none was."""
        model = self.body.get("model")
        return model if isinstance(model, str) else ""

    @property
    def stream(self) -> bool:
        """Whether the answer is to be streamed."""
        return self.body.get("stream") is True

    @property
    def include_usage(self) -> bool:
        """Whether a stream is to end with a usage chunk."""
        options = self.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True

    @property
    def max_tokens(self) -> int | None:
        """The cap on the answer that the request names, under whichever of its names."""
        for name in ("max_completion_tokens", "max_tokens", "tokens_to_generate"):
            value = self.body.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        return None

    @property
    def thinking(self) -> bool:
        """Whether reasoning is wanted, as far as the request says."""
        thinking = self.body.get("thinking")
        return not (isinstance(thinking, dict) and thinking.get("type") == "disabled")

    @property
    def prompt_tokens(self) -> int:
        """An estimate: four bytes of UTF-8 a token and three tokens a message."""
        size = sum(len(text.encode("utf-8", "surrogatepass")) for _, text in self.turns)
        return -(-size // 4) + 3 * len(self.turns)


def read_call(api: Api, raw: bytes, request_id: str, created: int) -> Call:
    """Read a body. Only what makes it unreadable is refused here (2013); what it asks for is judged later."""
    try:
        body = json.loads(raw)
        if not isinstance(body, dict):
            raise Refused(2013, "invalid params, the body is not a JSON object")
        turns = _turns(body)
    except (ValueError, RecursionError):
        raise Refused(2013, "invalid params, Syntax error: the body is not JSON") from None
    return Call(api, request_id, created, body, turns, digest(turns))


def _turns(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    messages = body.get("messages")
    turns = [_turn(m) for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []
    prompt = body.get("prompt")
    if isinstance(prompt, str) and prompt:
        turns.insert(0, ("system", prompt))
    return tuple(turns)


def _turn(message: dict[str, Any]) -> tuple[str, str]:
    if "sender_type" in message:
        sender = str(message["sender_type"])
        return _ROLES.get(sender, sender), content_text(message.get("text"))
    return str(message.get("role")), content_text(message.get("content"))
