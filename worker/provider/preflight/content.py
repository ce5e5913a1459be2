"""Checks what one message says: text, or text and images, not empty and not made of invisible characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from worker.provider.account import Api
from worker.provider.preflight.finding import Finding
from worker.provider.preflight.invisible import invisible_finding
from worker.provider.quoting import quote

# Content parts of other providers, and how MiniMax wants them.
_FOREIGN_PARTS = {
    "input_text": "write it as type 'text'",
    "output_text": "write it as type 'text'",
    "input_image": 'write {"type": "image_url", "image_url": {"url": "..."}}',
    "image": 'write {"type": "image_url", "image_url": {"url": "..."}}',
    "tool_use": "write it as tool_calls of the assistant message",
    "tool_result": "write it as a message of role 'tool' with its tool_call_id",
    "thinking": "leave it out",
}


def content_findings(field: str, message: Mapping[str, Any], api: Api) -> Iterator[Finding]:
    """Refuse content that is empty or of a wrong type. An assistant message with tool calls may have none."""
    content = message.get("content")
    if isinstance(content, str):
        if content and not content.isspace():
            yield from invisible_finding(field, content)
        elif not message.get("tool_calls"):
            yield _empty(field, content)
    elif isinstance(content, list):
        if not content:
            yield _empty(field, content)
        for index, part in enumerate(content):
            yield from _part_findings(f"{field}[{index}]", part, api)
    elif content is not None:
        text = f"must be a string or a list of parts, not {quote(content)}"
        yield Finding(field, text, "write the text as a string")
    elif not message.get("tool_calls"):
        yield Finding(field, "missing", "write the text as a string")


def _empty(field: str, content: object) -> Finding:
    text = f"is empty: {quote(content)}; MiniMax refuses it (2013, chat content is empty)"
    return Finding(field, text, "write something, or leave the message out")


def _part_findings(field: str, part: object, api: Api) -> Iterator[Finding]:
    if not isinstance(part, Mapping):
        yield Finding(
            field, f"must be an object with a type, not {quote(part)}", 'write {"type": "text", "text": "..."}'
        )
        return
    kind = part.get("type")
    if kind == "text":
        text = part.get("text")
        if not isinstance(text, str):
            yield Finding(f"{field}.text", f"must be a string, not {quote(text)}")
        elif not text or text.isspace():
            yield _empty(f"{field}.text", text)
        else:
            yield from invisible_finding(f"{field}.text", text)
    elif kind == "image_url":
        yield from _image_findings(field, part, api)
    else:
        remedy = _FOREIGN_PARTS.get(kind, "") if isinstance(kind, str) else ""
        text = f"{quote(kind)} is not a part that MiniMax knows"
        yield Finding(f"{field}.type", text, remedy or "use 'text' or 'image_url'")


def _image_findings(field: str, part: Mapping[str, Any], api: Api) -> Iterator[Finding]:
    if api is Api.V1:
        yield Finding(field, "the legacy v1 API takes no images", "use MINIMAX_API=v2")
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, Mapping) else None
    if not isinstance(url, str) or not url:
        text = f"must be an object with a url, not {quote(image)}"
        yield Finding(f"{field}.image_url", text, 'write {"url": "https://..."} or a data: URL')
