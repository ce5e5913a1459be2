"""What MiniMax refuses in a request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.call import Call, read_call
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.contract.validate import check

USER = {"role": "user", "content": "hi"}
SYSTEM = {"role": "system", "content": "Be brief."}
TOOL_CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function"}]}
ABAB = {"model": "abab6.5s-chat"}


@pytest.mark.parametrize(
    ("api", "fields", "code", "words"),
    [
        (Api.V2, {"model": "gpt-4o"}, 2013, "unknown model 'gpt-4o'"),
        (Api.V2, {"model": "minimax-m2.5"}, 2013, "unknown model"),
        (Api.V2, {"model": ["x"]}, 2013, "unknown model ''"),
        (Api.OPENAI, {"model": "M2-her"}, 2013, "unknown model"),
        (Api.V2, {"messages": []}, 2013, "messages is empty"),
        (Api.V2, {"messages": "hi"}, 2013, "messages is empty"),
        (Api.V2, {"messages": ["hi"]}, 2013, "messages must be objects"),
        (Api.V2, {"messages": [{"role": "user", "content": " "}]}, 2013, "chat content is empty"),
        (Api.V2, {"messages": [{"role": "user", "content": []}]}, 2013, "chat content is empty"),
        (Api.V2, {"messages": [{"role": "user"}]}, 2013, "chat content is empty"),
        (Api.V2, {"messages": [SYSTEM]}, 2013, "chat content is empty"),
        (Api.V2, {"messages": [SYSTEM, SYSTEM, USER]}, 2013, "invalid chat setting"),
        (Api.OPENAI, {"messages": [{"role": "developer", "content": "x"}, USER]}, 2013, "invalid role: developer"),
        (Api.OPENAI, {"messages": [{"role": {}, "content": "x"}]}, 2013, "invalid role"),
        (Api.V2, {"messages": [USER, {"role": "tool", "tool_call_id": "c1", "content": "3"}]}, 2013, "tool id"),
        (Api.V1, ABAB, 2013, "sender_type"),
        (Api.V1, ABAB | {"messages": [{"sender_type": "USER", "text": ""}]}, 2013, "chat content is empty"),
        (Api.V1, {"messages": [{"sender_type": "USER", "text": "hi"}]}, 2013, "invalid role"),
        (Api.V2, {"temperature": 0}, 2013, "temperature must be in (0, 1]"),
        (Api.V2, {"temperature": 1.5}, 2013, "temperature"),
        (Api.V2, {"temperature": "hot"}, 2013, "temperature"),
        (Api.V2, {"temperature": float("nan")}, 2013, "temperature"),
        (Api.OPENAI, {"model": "MiniMax-M3", "temperature": 2.1}, 2013, "temperature must be in [0, 2]"),
        (Api.V2, {"top_p": 0}, 2013, "top_p must be in (0, 1]"),
        (Api.OPENAI, {"top_p": -0.1}, 2013, "top_p must be in [0, 1]"),
        (Api.V2, {"max_tokens": 0}, 2013, "max_tokens"),
        (Api.OPENAI, {"max_completion_tokens": 204_801}, 2013, "max_tokens must be in [1, 204800]"),
        (Api.OPENAI, {"thinking": {"type": "enabled"}}, 2013, "(allowed: adaptive, disabled)"),
        (Api.OPENAI, {"reasoning_split": 1}, 2013, "reasoning_split"),
        (Api.V2, {"messages": [{"role": "user", "content": "ab\u200b"}]}, 1042, "invisible"),
        (Api.V2, {"messages": [{"role": "user", "content": "x" * 820_000}]}, 2013, "context window exceeds limit"),
    ],
)
def test_wrong_request_is_refused(api: Api, fields: dict[str, Any], code: int, words: str) -> None:
    """Each mistake has its code, and MiniMax's words say which it was."""
    with pytest.raises(Refused) as caught:
        check(call(api, fields))
    assert caught.value.code == code
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("api", "fields"),
    [
        (Api.V2, {}),
        (Api.V2, {"model": "M2-her"}),
        (Api.V2, {"temperature": 1, "top_p": 1, "max_tokens": 1}),
        (Api.V2, {"messages": [SYSTEM, USER, TOOL_CALL, {"role": "tool", "tool_call_id": "c1", "content": "3"}]}),
        (Api.V2, {"messages": [{"role": "user", "content": "line\nline\ttab " * 3}]}),
        (Api.V2, {"messages": [{"role": "user", "content": "123456789\u200b"}]}),
        (Api.OPENAI, {"model": "MiniMax-M3", "temperature": 0}),
        (Api.OPENAI, {"top_p": 0}),
        (Api.OPENAI, {"thinking": {"type": "disabled"}, "n": 3}),
        (Api.V1, {}),
        (Api.V1, ABAB | {"messages": [{"sender_type": "USER", "text": "hi"}], "prompt": "Be brief."}),
    ],
)
def test_right_request_passes(api: Api, fields: dict[str, Any]) -> None:
    """What MiniMax takes is taken, and answered by the model asked for."""
    wanted = call(api, fields)
    assert check(wanted).id == wanted.model


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"hi"', b"\xff", b"[" * 100_000])
def test_unreadable_body_is_refused(raw: bytes) -> None:
    """What is no JSON object is 2013, also when it is nested too deep to read."""
    with pytest.raises(Refused) as caught:
        read_call(Api.V2, raw, "f" * 32, 0)
    assert caught.value.code == 2013


def call(api: Api, fields: dict[str, Any]) -> Call:
    """Return a call that is right but for some fields."""
    body = {"model": "MiniMax-M2.5", "messages": [USER]} | fields
    return read_call(api, json.dumps(body).encode(), "f" * 32, 0)
