from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.minimax_calls import account, fixture
from worker.provider.account import Api, Secret
from worker.provider.classification import classify
from worker.provider.reading import Reading
from worker.provider.refusal import Refusal
from worker.provider.reply import Reply
from worker.provider.scrub import BODY_LIMIT, MESSAGE_LIMIT, Scrub
from worker.provider.wire.dialect import dialect_of
from worker.provider.wire.intake import MAX_BODY_BYTES
from worker.provider.wire.response_headers import LONGEST_ID

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIXTURES = (
    "v2_answer.json",
    "v2_refusal.json",
    "openai_refusal.json",
    "v2_stream.sse",
    "openai_stream.sse",
    "v1_stream.sse",
)


def read(
    chunks: list[bytes], api: Api = Api.V2, status: int = 200, content_type: str = "", broken: str | None = None
) -> tuple[Reply | Refusal, str]:
    headers = httpx.Headers({"content-type": content_type})
    reading = Reading(dialect_of(api).read, status, headers, "MiniMax-M2", Scrub(Secret("sk-0123456789")))
    heard = ""
    for chunk in chunks:
        heard += reading.feed(chunk)
        if reading.ended:
            break
    heard += reading.finish()
    return reading.outcome(broken, NOW, None, 1.0), heard


def check(outcome: Reply | Refusal) -> None:
    """What holds of any outcome: it has a verdict, and every text of it can be stored."""
    if isinstance(outcome, Refusal):
        assert classify(outcome, account()).code
        assert len(outcome.body) <= BODY_LIMIT
        assert len(outcome.message) <= MESSAGE_LIMIT
        texts = [outcome.message, outcome.body, outcome.partial_text, outcome.request_id or ""]
    else:
        texts = [outcome.text, outcome.reasoning, outcome.model, outcome.warning or "", outcome.request_id or ""]
        texts.append(json.dumps(outcome.to_chat_completion(), allow_nan=False, ensure_ascii=False))
    for text in texts:
        assert b"\0" not in text.encode()


apis = st.sampled_from(list(Api))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9)
junk = st.recursive(
    scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3)
)
words = st.text(st.characters(), max_size=9) | junk
calls = st.lists(
    st.fixed_dictionaries({}, optional={"index": words, "id": words, "function": words}) | junk, max_size=2
)
said = st.fixed_dictionaries(
    {},
    optional={
        "content": words,
        "role": words,
        "reasoning_content": words,
        "reasoning_details": words,
        "tool_calls": calls,
    },
)
choice = st.fixed_dictionaries(
    {},
    optional={"delta": said | words, "message": said | junk, "messages": junk, "text": words, "finish_reason": words},
)
payloads = st.fixed_dictionaries(
    {},
    optional={
        "choices": st.lists(choice | junk, max_size=2) | junk,
        "usage": st.dictionaries(st.sampled_from(["total_tokens", "prompt_tokens"]), scalars) | junk,
        "base_resp": st.fixed_dictionaries({}, optional={"status_code": scalars, "status_msg": words}) | junk,
        "error": st.fixed_dictionaries({}, optional={"message": words, "code": scalars, "http_code": scalars}) | junk,
        "reply": words,
        "model": words,
        "id": words,
        "created": scalars,
    },
)


@given(
    st.lists(payloads, max_size=6), apis, st.sampled_from([200, 400, 429, 500]), st.sampled_from([None, "ReadError"])
)
def test_any_stream_comes_to_an_outcome(frames: list[Any], api: Api, status: int, broken: str | None) -> None:
    """Whatever types stand where MiniMax's fields should be."""
    outcome, heard = read(
        [b"data: " + json.dumps(frame).encode() + b"\n\n" for frame in frames], api, status, broken=broken
    )
    check(outcome)
    heard.encode()


@given(payloads, apis, st.sampled_from([200, 302, 404, 500]))
def test_any_body_comes_to_an_outcome(payload: Any, api: Api, status: int) -> None:
    """The same for a whole body."""
    outcome, heard = read([json.dumps(payload).encode()], api, status)
    check(outcome)
    if isinstance(outcome, Reply):
        assert heard.endswith(outcome.text)


@given(
    st.lists(st.binary(max_size=40), max_size=5), apis, st.sampled_from(["", "text/event-stream", "application/json"])
)
def test_any_bytes_come_to_an_outcome(chunks: list[bytes], api: Api, content_type: str) -> None:
    """Noise is a refusal, never an exception."""
    check(read(chunks, api, content_type=content_type)[0])


@given(st.sampled_from(FIXTURES), st.data(), apis)
def test_a_response_cut_anywhere_is_never_a_wrong_answer(name: str, data: st.DataObject, api: Api) -> None:
    """Cut before its last word it is a refusal, with what had been said; the rest may be missing."""
    raw = fixture(name)
    cut = raw[: data.draw(st.integers(0, len(raw)))]
    whole, outcome = read([raw], api)[0], read([cut], api, broken="ReadError")[0]
    check(outcome)
    if isinstance(outcome, Reply):
        assert isinstance(whole, Reply)
        assert outcome.text == whole.text


@given(st.sampled_from(FIXTURES), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=8), apis)
def test_damaged_responses_come_to_an_outcome(name: str, damage: list[tuple[int, int]], api: Api) -> None:
    """Flipped bytes anywhere in real payloads."""
    raw = bytearray(fixture(name))
    for place, byte in damage:
        raw[place % len(raw)] = byte
    check(read([bytes(raw)], api)[0])


def test_a_body_without_end_is_refused() -> None:
    """Reading stops at the limit, and only the beginning is kept."""
    outcome, _ = read([b"{"] + [b" " * 1024 * 1024] * (MAX_BODY_BYTES // 1024 // 1024 + 1))
    assert isinstance(outcome, Refusal)
    assert outcome.cause == "response_too_large"


@pytest.mark.parametrize(
    "chunks",
    [
        [b"da", b"ta", b': {"base_resp": {"status_code": 1002}}\n\n'],
        [b"\n\n", b" ", b'{"base_resp": {"status_code": 1002}}'],
    ],
)
def test_the_first_bytes_tell_a_stream_from_a_body(chunks: list[bytes]) -> None:
    """Even if they come one by one, and whatever the content type says."""
    for content_type in ("", "text/event-stream", "application/json"):
        outcome, _ = read(chunks, content_type=content_type)
        assert isinstance(outcome, Refusal)
        assert outcome.code == 1002


def test_a_complete_body_counts_though_its_connection_broke() -> None:
    """The answer is there and paid."""
    outcome, _ = read([fixture("v2_answer.json")], broken="idle_timeout")
    assert isinstance(outcome, Reply)
    assert outcome.warning == "the connection ended after the last word: idle_timeout"


@pytest.mark.parametrize("status", [200, 500])
def test_a_request_id_that_echoes_the_key_is_masked(status: int) -> None:
    """A gateway may put anything under that name; what is cut is cut after masking."""
    for echoed in ("sk-0123456789", "x" * 195 + " sk-0123456789"):
        body = json.dumps({"id": echoed, "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]})
        outcome, _ = read([body.encode()], status=status)
        assert outcome.request_id is not None
        assert "sk-0" not in outcome.request_id
        assert len(outcome.request_id) <= LONGEST_ID
