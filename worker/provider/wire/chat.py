"""What the v2 and OpenAI-compatible APIs share: all but their path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.provider.account import Account
from worker.provider.refusal import Refusal
from worker.provider.wire.own_fields import without_own_fields
from worker.provider.wire.piece import NOTHING, Piece, Said


def read(frame: Mapping[str, Any]) -> Piece | None:
    """Return what the first choice says, or None without one: usage tail, ping, or no answer at all.

    Shapes: a body has `choices[0].message`, a frame `choices[0].delta`, v2's last frame both or `message` alone;
    with MiniMax's own search, `messages` in the plural.
    """
    choices = frame.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return None
    choice = choices[0]
    finish = choice.get("finish_reason")
    return Piece(
        delta=_said(choice.get("delta")) or NOTHING,
        whole=_said(choice.get("message")) or _last_said(choice.get("messages")),
        finish_reason=finish if isinstance(finish, str) and finish else None,
    )


def query(account: Account) -> dict[str, str]:  # noqa: ARG001 - one signature for the three APIs
    """Return nothing: the group is known by the key."""
    return {}


def obstacle(request: Mapping[str, Any], account: Account) -> Refusal | None:  # noqa: ARG001
    """Return None: the request is in this form already."""
    return None


def body(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request body. `<think>` is parted by us, unless the request asks for `reasoning_split`.

    Usage is asked for at a stream's end: without it admission could not settle what it reserved.
    """
    sent = without_own_fields(request)
    if sent.get("stream"):
        options = sent.get("stream_options")
        sent["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    return sent


def _last_said(messages: Any) -> Said | None:
    if not isinstance(messages, list):
        return None
    said = None
    for message in messages:
        said = _said(message) or said
    return said


def _said(words: Any) -> Said | None:
    if isinstance(words, str):  # legacy v1's delta
        return Said(content=words)
    if not isinstance(words, dict) or words.get("role") == "tool":  # the results of MiniMax's own search
        return None
    calls = words.get("tool_calls")
    return Said(
        content=_text(words.get("content")) or _text(words.get("text")),
        reasoning=_text(words.get("reasoning_content")) or _text(words.get("reasoning_details")),
        tool_calls=calls if isinstance(calls, list) else (),
    )


def _text(content: Any) -> str:
    """Return the text of a string or of a list of parts, `[{"type", "text"}]`."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return ""
