"""What identifies a prompt: a digest that every answer carries, so that a mixed-up answer is seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

DIGEST_LENGTH = 16


def expected_digest(messages: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest, 16 hex digits, that the answer to these messages carries as `sandbox:<digest>`.

    `messages` is `[{"role": str, "content": str | [{"type": "text", "text": str}, ...]}]`, as the caller sent it; other
    fields do not count. The legacy API's form of the same conversation (`sender_type` USER/BOT, `prompt` for the
    system message) has the same digest.
    """
    return digest((str(m.get("role")), content_text(m.get("content"))) for m in messages)


def digest(turns: Iterable[tuple[str, str]]) -> str:
    """Return the digest of `(role, text)` pairs."""
    # JSON's ASCII form also takes lone surrogates, which UTF-8 refuses.
    return sha256(json.dumps(list(turns)).encode("ascii")).hexdigest()[:DIGEST_LENGTH]


def content_text(content: object) -> str:
    """Return the text of a message's content: a string, nothing, or a list of parts (parts of no text as JSON)."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(_part_text(part) for part in content)


def _part_text(part: object) -> str:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return str(part["text"])
    return json.dumps(part, sort_keys=True)
