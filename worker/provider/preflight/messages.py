"""Checks the messages: their shape, their roles, and that each says something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from worker.provider.account import Api
from worker.provider.catalogue import Model
from worker.provider.preflight.content import content_findings
from worker.provider.preflight.finding import Finding
from worker.provider.quoting import quote

_ROLES = frozenset({"system", "user", "assistant", "tool"})

# Roles of other providers, and what MiniMax calls them.
_FOREIGN_ROLES = {
    "developer": "system",
    "function": "tool",
    "model": "assistant",
    "ai": "assistant",
    "bot": "assistant",
    "human": "user",
}

_SENDER_TYPES = ("USER", "BOT")

# `reasoning_*` come back in MiniMax's own answers and may be sent again with the conversation.
_KEYS = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content", "reasoning_details"})


def message_findings(messages: object, api: Api, model: Model | None) -> Iterator[Finding]:
    """Refuse what MiniMax answers with 2013: no messages, odd roles, two system messages, empty content."""
    if not isinstance(messages, list) or not messages:
        remedy = 'write [{"role": "user", "content": "..."}]'
        given = "missing" if messages is None else f"must be a list that is not empty, not {quote(messages)}"
        yield Finding("messages", given, remedy)
        return
    roles = _ROLES | model.extra_roles if model is not None and model.extra_roles else _ROLES
    systems = []
    for index, message in enumerate(messages):
        if not isinstance(message, Mapping):
            yield Finding(f"messages[{index}]", f"must be an object with role and content, not {quote(message)}")
        elif api is Api.V1 and "sender_type" in message:
            yield from _legacy_findings(f"messages[{index}]", message)
        else:
            yield from _one_findings(index, message, api, roles)
            if message.get("role") == "system":
                systems.append(index)
    if systems:
        yield from _system_findings(systems, len(messages))


def _one_findings(index: int, message: Mapping[str, object], api: Api, roles: frozenset[str]) -> Iterator[Finding]:
    role = message.get("role")
    if not isinstance(role, str) or role not in roles:
        yield _bad_role(index, role)
    elif role == "tool" and api is Api.V1:
        yield Finding(f"messages[{index}].role", "the legacy v1 API has no role 'tool'", "use MINIMAX_API=v2")
    if not message.keys() <= _KEYS:
        yield from _odd_keys(index, message)
    yield from content_findings(f"messages[{index}].content", message, api)


def _system_findings(systems: list[int], count: int) -> Iterator[Finding]:
    first, *others = systems
    for index in others:
        message = f"a second system message, the first is messages[{first}]; MiniMax allows one"
        yield Finding(f"messages[{index}]", message, "join them into one")
    if count == 1:
        message = "only a system message; MiniMax may refuse it (2013, chat content is empty)"
        yield Finding("messages", message, "add a message of role 'user'", fatal=False)


def _legacy_findings(field: str, message: Mapping[str, object]) -> Iterator[Finding]:
    """A message in the form of legacy v1, `{"sender_type", "text"}`, which the client sends as it is."""
    if message["sender_type"] not in _SENDER_TYPES:
        given = quote(message["sender_type"])
        yield Finding(f"{field}.sender_type", f"{given} is not one of {' and '.join(_SENDER_TYPES)}")
    yield from content_findings(f"{field}.text", {"content": message.get("text")}, Api.V1)


def _bad_role(index: int, role: object) -> Finding:
    field = f"messages[{index}].role"
    if role is None:
        return Finding(field, "missing", "one of system, user, assistant, tool")
    meant = _FOREIGN_ROLES.get(role.strip().casefold()) if isinstance(role, str) else None
    if meant is None and isinstance(role, str) and role.strip().casefold() in _ROLES:
        meant = role.strip().casefold()
    remedy = f"use {meant!r}" if meant else "one of system, user, assistant, tool"
    return Finding(field, f"{quote(role)} is not a role that MiniMax knows", remedy)


def _odd_keys(index: int, message: Mapping[str, object]) -> Iterator[Finding]:
    for key in sorted(map(str, message.keys() - _KEYS)):
        if key == "function_call":
            field = f"messages[{index}].function_call"
            yield Finding(field, "MiniMax does not support function_call", "write it as tool_calls")
        elif message.get(key) is not None:
            text = "unknown to MiniMax, which may ignore it"
            yield Finding(f"messages[{index}].{quote(key)[1:-1]}", text, "leave it out", fatal=False)
