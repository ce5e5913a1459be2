"""Read MiniMax's token counts."""

from __future__ import annotations

from typing import Any

from worker.provider.reply import Usage

_BEYOND_COUNTS = 2**30  # a thousand of the longest contexts; the sum of two counts still fits a 32-bit column


def usage_of(reported: Any) -> Usage | None:
    """Return the usage, or None for nothing, for nonsense, and for the zeros that streams send before they know."""
    if not isinstance(reported, dict):
        return None
    prompt, completion = _count(reported, "prompt_tokens"), _count(reported, "completion_tokens")
    total = _count(reported, "total_tokens") or prompt + completion
    if not total:
        return None
    cached = _count(reported.get("prompt_tokens_details"), "cached_tokens")
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        reasoning_tokens=_count(reported.get("completion_tokens_details"), "reasoning_tokens"),
        cached_tokens=cached or _count(reported, "cache_read_input_tokens"),
    )


def _count(counts: Any, name: str) -> int:
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if isinstance(value, int) and 0 < value < _BEYOND_COUNTS else 0
