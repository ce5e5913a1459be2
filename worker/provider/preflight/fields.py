"""Checks which fields a request has: those of other providers are named with what MiniMax has instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from worker.provider.account import Api
from worker.provider.preflight.finding import Finding
from worker.provider.preflight.foreign_fields import FOREIGN_FIELDS, IGNORED_FIELDS
from worker.provider.quoting import quote
from worker.provider.wire.own_fields import V1_MESSAGE_FORM

_COMMON = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "max_tokens",
        "max_completion_tokens",
        "n",
    }
)
_TOOLS = frozenset({"tools", "tool_choice"})
_LEGACY = frozenset(
    {"prompt", "role_meta", "tokens_to_generate", "beam_width", "skip_info_mask", "continue_last_message"}
    | {"use_standard_sse", V1_MESSAGE_FORM}
)

# What each API documents, beside what the client translates for all of them.
FIELDS = {
    Api.V2: _COMMON | _TOOLS | {V1_MESSAGE_FORM, "response_format", "mask_sensitive_info"},
    Api.OPENAI: _COMMON | _TOOLS | {V1_MESSAGE_FORM, "response_format", "reasoning_split", "thinking", "service_tier"},
    Api.V1: _COMMON | _TOOLS | _LEGACY,  # tools are refused by their own check, with its reason
}


def field_findings(request: Mapping[str, Any], api: Api) -> Iterator[Finding]:
    """Refuse fields whose meaning would be lost; warn of those that MiniMax ignores or that nobody here knows."""
    if request.keys() <= FIELDS[api]:
        return
    for name in sorted(map(str, request.keys() - FIELDS[api])):
        shown = quote(name)[1:-1]
        if name in FOREIGN_FIELDS:
            origin, remedy = FOREIGN_FIELDS[name]
            yield Finding(shown, f"a field of {origin}, MiniMax has none of this name", remedy)
        elif name in IGNORED_FIELDS:
            yield Finding(shown, "ignored by MiniMax", IGNORED_FIELDS[name], fatal=False)
        elif served := [other.value for other in Api if name in FIELDS[other]]:
            message = f"documented for the {' and '.join(served)} API, not for {api}, which may ignore it"
            yield Finding(shown, message, "leave it out, or change MINIMAX_API", fatal=False)
        else:
            message = "unknown to MiniMax, which may ignore or refuse it"
            yield Finding(shown, message, "check its spelling, or leave it out", fatal=False)
