from __future__ import annotations

from typing import Any

import pytest

from worker.provider.wire.tool_calls import ToolCalls


def fragment(arguments: str = "", **fields: Any) -> dict[str, Any]:
    name = fields.pop("name", None)
    return {"function": {"arguments": arguments} | ({"name": name} if name else {}), **fields}


def call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


F, G = call("1", "f", '{"a":1}'), call("2", "g", "{}")


@pytest.mark.parametrize(
    ("fragments", "expected"),
    [
        ([fragment(id="1", name="f", index=0), fragment('{"a"', index=0), fragment(":1}", index=0)], [F]),
        ([fragment(id="1", name="f"), fragment('{"a"'), fragment(":1}")], [F]),
        ([fragment('{"a":1}', id="1", name="f"), fragment("{}", id="2", name="g")], [F, G]),
        ([fragment('{"a"', id="1", name="f"), fragment(":1}", id="1")], [F]),
        ([fragment("{}", id="2", name="g", index=1), fragment('{"a":1}', id="1", name="f", index=0)], [F, G]),
        ([fragment('{"a":1}', id="1", name="f", index=0), fragment("{}", id="2", name="g", index=0)], [F, G]),
        ([fragment("{}", id="2", name="g", index=0), fragment("", id="", name="", index=0)], [G]),
        ([{"id": "2", "function": {"name": "g", "arguments": {}}}], [G]),
        (["nonsense", None, {"id": "2", "function": None}], [call("2", "", "")]),
        ([], []),
    ],
)
def test_fragments_become_calls(fragments: list[Any], expected: list[dict[str, Any]]) -> None:
    """With and without index, in any order, whole or in pieces."""
    calls = ToolCalls()
    for one in fragments:
        calls.feed([one])
    assert list(calls.collected()) == expected
