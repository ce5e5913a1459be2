"""Checks tools and their calls: MiniMax refuses a conversation whose calls and results do not match (2013)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from worker.provider.account import Api
from worker.provider.preflight.finding import Finding
from worker.provider.quoting import quote


def tool_findings(request: Mapping[str, Any], api: Api) -> Iterator[Finding]:
    """Check the tools offered, and that every call is followed directly by its result."""
    tools = request.get("tools")
    if tools is not None:
        yield from _offered(tools, api)
    choice = request.get("tool_choice")
    if choice is not None and choice not in ("auto", "none"):
        message = f"{quote(choice)}: MiniMax drops any choice but auto and none silently"
        yield Finding("tool_choice", message, "use 'auto', and ask for the tool in the prompt", fatal=False)
    messages = request.get("messages")
    if isinstance(messages, list):
        yield from _calls_and_results(messages)


def _offered(tools: object, api: Api) -> Iterator[Finding]:
    if api is Api.V1:
        yield Finding("tools", "the legacy v1 API has no tools", "use MINIMAX_API=v2")
    if not isinstance(tools, list):
        yield Finding("tools", f"must be a list, not {quote(tools)}")
        return
    for index, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, Mapping) else None
        name = function.get("name") if isinstance(function, Mapping) else None
        if not isinstance(name, str) or not name or tool.get("type") != "function":
            remedy = 'write {"type": "function", "function": {"name", "description", "parameters"}}'
            yield Finding(f"tools[{index}]", f"must be a function with a name, not {quote(tool)}", remedy)


def _calls_and_results(messages: list[Any]) -> Iterator[Finding]:
    open_calls: dict[str, str] = {}  # call id -> field of the call, still without its result
    for index, message in enumerate(messages):
        if not isinstance(message, Mapping):
            continue
        if message.get("role") == "tool":
            yield from _result(f"messages[{index}].tool_call_id", message.get("tool_call_id"), open_calls)
            continue
        if open_calls:
            yield from _unanswered(open_calls)
            open_calls.clear()
        calls = message.get("tool_calls")
        if calls is not None:
            yield from _calls(f"messages[{index}].tool_calls", calls, open_calls)
    yield from _unanswered(open_calls)


def _result(field: str, call: object, open_calls: dict[str, str]) -> Iterator[Finding]:
    if not isinstance(call, str) or not call:
        yield Finding(field, f"must be the id of a tool call, not {quote(call)}")
    elif open_calls.pop(call, None) is None:
        message = f"{quote(call)} is no call of the assistant message directly before"
        yield Finding(field, message, "put each result right after its call, with the call's id")


def _unanswered(open_calls: dict[str, str]) -> Iterator[Finding]:
    for call, field in open_calls.items():
        message = f"the call {quote(call)} has no result directly after it"
        yield Finding(field, message, "add a message of role 'tool' with this tool_call_id")


def _calls(field: str, calls: object, open_calls: dict[str, str]) -> Iterator[Finding]:
    if not isinstance(calls, list):
        yield Finding(field, f"must be a list, not {quote(calls)}")
        return
    for index, call in enumerate(calls):
        place = f"{field}[{index}]"
        function = call.get("function") if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(call.get("id"), str) or not call["id"]:
            yield Finding(place, f"must be a call with an id and a function, not {quote(call)}")
            continue
        if call["id"] in open_calls:
            yield Finding(
                f"{place}.id", f"{quote(call['id'])} stands twice in one message", "give each call its own id"
            )
        open_calls[call["id"]] = place
        yield from _arguments(f"{place}.function.arguments", function.get("arguments"))


def _arguments(field: str, arguments: object) -> Iterator[Finding]:
    try:
        if not isinstance(arguments, str):
            raise TypeError
        json.loads(arguments)
    except (TypeError, ValueError, RecursionError):
        message = f"must be a string that holds valid JSON, not {quote(arguments)}"
        yield Finding(field, message, "write '{}' for none")
