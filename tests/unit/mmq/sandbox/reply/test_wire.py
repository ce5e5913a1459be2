"""The exact bodies, frame by frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.reply.exchange import Exchange
from mmq.sandbox.reply.refusal import Asked, refusal
from mmq.sandbox.reply.stream import closing, deltas
from mmq.sandbox.reply.whole import whole

MakeExchange = Callable[..., Exchange]
ID = "f" * 32
FLAGS = {
    "input_sensitive": False,
    "output_sensitive": False,
    "input_sensitive_type": 0,
    "output_sensitive_type": 0,
    "output_sensitive_int": 0,
}
CREATED = 1_700_000_000


def frames(exchange: Exchange) -> list[Any]:
    """Return a stream's frames, decoded."""
    return [json.loads(raw.removeprefix(b"data: ")) for raw in (*deltas(exchange), *closing(exchange))]


def test_native_body(make_exchange: MakeExchange) -> None:
    """The v2 envelope, reasoning in a field of its own."""
    exchange = make_exchange()
    answer = exchange.answer
    message = {"content": answer.text, "role": "assistant", "name": "MiniMax AI", "audio_content": ""}
    message["reasoning_content"] = answer.reasoning_text
    usage = {
        "total_tokens": answer.total_tokens,
        "total_characters": 0,
        "prompt_tokens": 5,
        "completion_tokens": answer.completion_tokens,
        "completion_tokens_details": {"reasoning_tokens": 6},
    }
    assert whole(exchange) == {
        "id": ID,
        "choices": [{"finish_reason": "stop", "index": 0, "message": message}],
        "created": CREATED,
        "model": "MiniMax-M2.5",
        "object": "chat.completion",
        "usage": usage,
        **FLAGS,
        "base_resp": {"status_code": 0, "status_msg": ""},
    }


def test_openai_content_holds_reasoning_unless_split(make_exchange: MakeExchange) -> None:
    """`<think>` in the content by default, fields of its own with reasoning_split."""
    exchange = make_exchange(api=Api.OPENAI)
    inline = whole(exchange)["choices"][0]["message"]
    thoughts, text = exchange.answer.reasoning_text, exchange.answer.text
    assert inline["content"] == f"<think>\n{thoughts}\n</think>\n\n{text}"
    assert "reasoning_content" not in inline
    split = whole(make_exchange(api=Api.OPENAI, reasoning_split=True))["choices"][0]["message"]
    assert (split["content"], split["reasoning_content"]) == (text, thoughts)
    assert split["reasoning_details"][0]["text"] == thoughts


@pytest.mark.parametrize(
    ("api", "model", "asked", "tier"),
    [
        (Api.OPENAI, "MiniMax-M3", {}, "standard"),
        (Api.OPENAI, "MiniMax-M3", {"service_tier": "priority"}, "priority"),
        (Api.OPENAI, "MiniMax-M2.7", {}, None),
        (Api.V2, "MiniMax-M3", {}, None),
    ],
)
def test_m3_names_its_service_tier(
    make_exchange: MakeExchange, api: Api, model: str, asked: dict[str, str], tier: str | None
) -> None:
    """In a body, and in every chunk of a stream, its usage tail included."""
    options = {"include_usage": True}
    exchange = make_exchange(api=api, model=model, stream=True, stream_options=options, **asked)
    assert {frame.get("service_tier") for frame in [whole(exchange), *frames(exchange)]} == {tier}


def test_reasoning_that_meets_the_cap_is_never_closed(make_exchange: MakeExchange) -> None:
    """`<think>` without an end and without an answer, finish_reason length."""
    choice = whole(make_exchange(api=Api.OPENAI, max_tokens=3))["choices"][0]
    assert choice["message"]["content"].startswith("<think>\n")
    assert "</think>" not in choice["message"]["content"]
    assert choice["finish_reason"] == "length"


def test_legacy_body(make_exchange: MakeExchange) -> None:
    """The v1 envelope: reply, text choices, total_tokens alone."""
    exchange = make_exchange(api=Api.V1, model="MiniMax-Text-01")
    text = exchange.answer.text
    assert whole(exchange) == {
        "created": CREATED,
        "model": "MiniMax-Text-01",
        "reply": text,
        "choices": [{"text": text, "index": 0, "finish_reason": "stop"}],
        "usage": {"total_tokens": exchange.answer.total_tokens},
        "input_sensitive": False,
        "output_sensitive": False,
        "id": ID,
        "base_resp": {"status_code": 0, "status_msg": "success"},
    }


def test_native_stream_of_an_older_model_ends_with_the_full_text(make_exchange: MakeExchange) -> None:
    """Chunks with zero usage, the finish_reason, then one chat.completion with everything."""
    exchange = make_exchange(model="MiniMax-Text-01", stream=True)
    *chunks, finish, last = frames(exchange)
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks) == exchange.answer.text
    assert {chunk["object"] for chunk in [*chunks, finish]} == {"chat.completion.chunk"}
    assert chunks[0]["usage"] == {"total_tokens": 0, "total_characters": 0}
    assert not any("finish_reason" in chunk["choices"][0] for chunk in chunks)
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert last == whole(exchange)


@pytest.mark.parametrize("api", [Api.V2, Api.OPENAI])
def test_stream_of_a_newer_model_ends_with_its_finish_reason(make_exchange: MakeExchange, api: Api) -> None:
    """No full text, no usage, no [DONE] unless asked for."""
    *chunks, finish = frames(make_exchange(api=api, stream=True))
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert all(chunk["usage"] is None and "base_resp" not in chunk for chunk in [*chunks, finish])


def test_usage_chunk_comes_last_if_asked_for(make_exchange: MakeExchange) -> None:
    """`include_usage` adds a chunk without choices after the finish_reason."""
    exchange = make_exchange(api=Api.OPENAI, stream=True, stream_options={"include_usage": True})
    *_, finish, tail = frames(exchange)
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert (tail["choices"], tail["usage"]) == ([], whole(exchange)["usage"])


@pytest.mark.parametrize(("standard", "separator"), [(False, b"\n"), (True, b"\n\n")])
def test_legacy_frames_are_parted_by_one_newline(make_exchange: MakeExchange, standard: bool, separator: bytes) -> None:
    """Unless use_standard_sse asks for two; the last frame has the reply, usage and base_resp."""
    exchange = make_exchange(api=Api.V1, model="MiniMax-Text-01", stream=True, use_standard_sse=standard)
    raw = [*deltas(exchange), *closing(exchange)]
    assert all(one.endswith(b"}" + separator) for one in raw)
    *chunks, last = frames(exchange)
    assert "".join(chunk["choices"][0]["delta"] for chunk in chunks) == exchange.answer.text
    assert {chunk["reply"] for chunk in chunks} == {""}
    assert last["choices"] == [{"index": 0, "finish_reason": "stop", "delta": ""}]
    assert (last["reply"], last["base_resp"]["status_code"]) == (exchange.answer.text, 0)


def test_native_refusal_is_a_skeleton_in_http_200() -> None:
    """Null choices, zero usage, base_resp; no Retry-After."""
    reply = refusal(Asked(Api.V2, ID, CREATED, "MiniMax-M3"), Refused(1002), frozenset())
    zero = {"total_tokens": 0, "total_characters": 0, "prompt_tokens": 0, "completion_tokens": 0}
    assert (reply.status, reply.headers) == (200, ())
    assert json.loads(reply.chunks[0]) == {
        "id": ID,
        "choices": None,
        "created": CREATED,
        "model": "MiniMax-M3",
        "object": "chat.completion",
        "usage": zero,
        **FLAGS,
        "base_resp": {"status_code": 1002, "status_msg": "rate limit exceeded(RPM)"},
    }


def test_legacy_refusal_has_no_id() -> None:
    """As recorded from the legacy API."""
    reply = refusal(Asked(Api.V1, ID, CREATED, "abab6-chat"), Refused(2013), frozenset())
    resp = {"status_code": 2013, "status_msg": "invalid params"}
    head = {"created": CREATED, "model": "abab6-chat", "reply": "", "choices": None}
    assert json.loads(reply.chunks[0]) == head | {"base_resp": resp}


def test_openai_refusal_is_an_error_object_with_its_status() -> None:
    """The code stands in the message's parentheses only, http_code is a string."""
    reply = refusal(Asked(Api.OPENAI, ID, CREATED, "MiniMax-M3"), Refused(1008), frozenset())
    error = {
        "type": "insufficient_balance_error",
        "message": "insufficient balance (1008)",
        "http_code": "402",
    }
    assert reply.status == 402
    assert json.loads(reply.chunks[0]) == {"type": "error", "error": error, "request_id": ID}


@pytest.mark.parametrize(
    ("api", "quirk", "status", "path", "value"),
    [
        (Api.V2, "native_http_status", 429, ("base_resp", "status_code"), 1002),
        (Api.V2, "string_status_code", 200, ("base_resp", "status_code"), "1002"),
        (Api.OPENAI, "openai_base_resp", 200, ("base_resp", "status_code"), 1002),
    ],
)
def test_quirk_bends_a_refusal(api: Api, quirk: str, status: int, path: tuple[str, str], value: object) -> None:
    """Status and code as some answers were seen to have them."""
    reply = refusal(Asked(api, ID, CREATED), Refused(1002), frozenset({quirk}))
    assert (reply.status, json.loads(reply.chunks[0])[path[0]][path[1]]) == (status, value)


def test_retry_after_rounds_up() -> None:
    """Whole seconds, at least one."""
    refusals = [Refused(1002, wait_s=wait) for wait in (0.2, 1.01)]
    quirks = frozenset({"retry_after"})
    sent = [refusal(Asked(Api.V2, ID, CREATED), refused, quirks).headers for refused in refusals]
    assert sent == [(("Retry-After", "1"),), (("Retry-After", "2"),)]


def test_foreign_field_is_warned_about_beside_the_answer(make_exchange: MakeExchange) -> None:
    """status_code 0 with a text, on the native API."""
    resp = whole(make_exchange(frequency_penalty=1))["base_resp"]
    assert resp == {
        "status_code": 0,
        "status_msg": 'Invalid parameters detected, json: unknown field "frequency_penalty"',
    }
