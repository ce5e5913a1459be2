"""Translate OpenAI-style messages into the form of legacy v1's abab models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_SENDERS = {"user": "USER", "assistant": "BOT"}
_SYSTEM = frozenset({"system", "developer"})


class Untranslatable(ValueError):
    """A message has no counterpart in v1; the text says which and why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What v1 is sent: `prompt` is all the system text, `messages` are `{"sender_type": "USER"|"BOT", "text"}`."""

    prompt: str
    messages: list[dict[str, str]]


def conversation(messages: Any) -> Conversation:
    """Translate; messages that have a `sender_type` already stay as they are.

    Raises: Untranslatable for roles other than system, user and assistant, and for content that is not text.
    """
    if not isinstance(messages, list):
        raise Untranslatable("messages must be a list")
    prompt: list[str] = []
    translated: list[dict[str, str]] = []
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise Untranslatable(f"messages[{number}] must be an object")
        if "sender_type" in message:
            translated.append(message)
            continue
        role, text = message.get("role"), _text(message.get("content"), number)
        if role in _SYSTEM:
            prompt.append(text)
        elif isinstance(role, str) and role in _SENDERS:
            translated.append({"sender_type": _SENDERS[role], "text": text})
        else:
            raise Untranslatable(f"messages[{number}] has a role that legacy v1 does not know for this model")
    return Conversation("\n\n".join(prompt), translated)


def _text(content: Any, number: int) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(
        isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str) for part in content
    ):
        return "".join(part["text"] for part in content)
    raise Untranslatable(f"messages[{number}] has content that is not text, which legacy v1 cannot take")
