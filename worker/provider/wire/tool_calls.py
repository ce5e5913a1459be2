"""Assemble tool calls, which streams send in fragments."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from worker.provider.wire.storable import storable


class ToolCalls:
    """First a fragment with id and name, then the arguments piece by piece.

    MiniMax leaves `index` out at times: then an id that is new begins a call, and no id goes on with the last one.
    """

    __slots__ = ("_calls", "_last")

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, str]] = {}
        self._last = -1

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, fragments: Iterable[Any]) -> None:
        """Take in one frame's fragments, or the whole calls of a message."""
        for fragment in fragments:
            if not isinstance(fragment, dict):
                continue
            function = fragment.get("function")
            if not isinstance(function, dict):
                function = {}
            call = self._call(fragment.get("index"), _text(fragment.get("id")))
            call["name"] = _text(function.get("name")) or call["name"]
            call["arguments"] += _text(function.get("arguments"))

    def collected(self) -> tuple[dict[str, Any], ...]:
        """Return the calls in order, as `{"id", "type": "function", "function": {"name", "arguments"}}`."""
        return tuple(
            {
                "id": storable(call["id"]),
                "type": "function",
                "function": {"name": storable(call["name"]), "arguments": storable(call["arguments"])},
            }
            for _, call in sorted(self._calls.items())
        )

    def _call(self, index: Any, call_id: str) -> dict[str, str]:
        if not isinstance(index, int):
            index = next((i for i, call in self._calls.items() if call_id and call["id"] == call_id), None)
            if index is None:
                index = len(self._calls) if call_id else max(self._last, 0)
        elif call_id and (known := self._calls.get(index)) and known["id"] not in {"", call_id}:
            index = len(self._calls)  # two calls under one index: the id tells them apart
        self._last = index
        call = self._calls.setdefault(index, {"id": "", "name": "", "arguments": ""})
        call["id"] = call["id"] or call_id
        return call


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, dict) else ""
