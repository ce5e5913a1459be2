from __future__ import annotations

from typing import Any

import httpx
import pytest

from support.minimax_calls import REQUEST, account, call, delta, fixture, frame, stream
from worker.provider.reply import Usage

STREAMED = {**REQUEST, "stream": True}


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
@pytest.mark.parametrize(
    ("api", "name", "model", "text", "reasoning", "usage"),
    [
        ("v2", "v2_stream.sse", "MiniMax-Text-01", "A queue is a line. 排队 🙂", "", Usage(40, 15, 55)),
        ("openai", "openai_stream.sse", "MiniMax-M3", "A queue is a line.", "One sentence.", Usage(30, 12, 42)),
        ("v1", "v1_stream.sse", "abab5.5-chat", "A queue is a line.", "", Usage(0, 0, 31)),
    ],
)
def test_a_stream_is_the_same_answer_however_it_is_cut(
    api: str, name: str, model: str, text: str, reasoning: str, usage: Usage, size: int
) -> None:
    """The full text of the last frame is not said twice, usage of the tail is found, reasoning is not told."""
    raw = fixture(name)
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    went = call(stream(pieces), of=account(api), request={**STREAMED, "model": model})
    assert (went.answer.text, went.answer.reasoning) == (text, reasoning)
    assert (went.answer.usage, went.answer.warning) == (usage, None)
    assert "".join(went.heard) == text
    assert went.answer.first_token_s is not None


def test_a_stream_may_answer_what_asked_for_none() -> None:
    """And a body what asked for a stream: the bytes tell, not the request."""
    assert call(stream([fixture("v2_stream.sse")])).answer.text == "A queue is a line. 排队 🙂"
    assert call(httpx.Response(200, content=fixture("v2_answer.json")), request=STREAMED).answer.text


@pytest.mark.parametrize(
    ("chunks", "code", "partial"),
    [
        ([b'{"base_resp": {"status_code": 1002, "status_msg": "slow"}}'], "1002", ""),
        ([frame(choices=None, base_resp={"status_code": 2056})], "2056", ""),
        ([delta("Once"), frame(type="error", error={"message": "x (2064)", "http_code": "500"})], "2064", "Once"),
        ([delta("Once"), frame(type="error", error={"message": "x", "http_code": "503"})], "http_503", "Once"),
        ([delta("Once"), frame(type="error", error={"message": "x"})], "error_without_code", "Once"),
        ([delta("Once"), frame(base_resp={"status_code": 1027})], "1027", "Once"),
        ([delta("Once"), frame(choices=[], base_resp={"status_code": "1013"})], "1013", "Once"),
        ([delta("Once", "stop"), frame(base_resp={"status_code": 1027})], "1027", "Once"),
        ([delta("Once")], "truncated_stream", "Once"),
        ([delta("<think>hm")], "truncated_stream", ""),
        ([delta("Once"), b'data: {"choices'], "truncated_stream", "Once"),
        ([delta("Once"), b"data: oops\n\n"], "bad_frame", "Once"),
        ([b": ping\n\n"], "empty_body", ""),
        ([], "empty_body", ""),
        ([b"data: [DONE]\n\n"], "empty_body", ""),
        ([frame(choices=[]), b"data: [DONE]\n\n"], "no_choices", ""),
        ([delta("", "stop")], "empty_answer", ""),
        ([delta("", "content_filter")], "content_filter", ""),
    ],
)
def test_a_stream_that_fails_is_a_refusal(chunks: list[bytes], code: str, partial: str) -> None:
    """In every shape MiniMax's errors take, and cut at every place; what had been said is kept."""
    failure = call(stream(chunks), request=STREAMED).failure
    assert (failure.verdict.code, failure.refusal.partial_text) == (code, partial)


@pytest.mark.parametrize(
    ("broken", "code"),
    [(httpx.ReadError("reset"), "connection_reset"), (httpx.RemoteProtocolError("cut"), "disconnected")],
)
def test_a_connection_that_breaks_in_a_stream_is_told(broken: Exception, code: str) -> None:
    """By the network's reason, with the partial text."""
    failure = call(stream([delta("Once")], then=broken), request=STREAMED).failure
    assert (failure.verdict.code, failure.refusal.partial_text) == (code, "Once")
    assert failure.verdict.ambiguous


def test_a_connection_that_breaks_after_the_last_word_costs_nothing() -> None:
    """The answer is complete and paid; only its usage may be missing."""
    reply = call(stream([delta("Once", "stop")], then=httpx.ReadError("reset")), request=STREAMED).answer
    assert reply.text == "Once"
    assert reply.warning == "the connection ended after the last word: ReadError"


@pytest.mark.parametrize(
    ("chunks", "text", "finish", "warned"),
    [
        ([delta("Once"), b"data: [DONE]\n\n"], "Once", "stop", "no finish_reason"),
        ([delta("Once", "stop"), delta("", "stop")], "Once", "stop", None),
        ([delta("", "length")], "", "length", None),
        ([frame(choices=[{"message": {"content": "Once"}, "finish_reason": "stop"}])], "Once", "stop", None),
        ([delta("<think>hm", "stop")], "", "stop", "never closed"),
        ([delta("<think>hm", "length")], "", "length", None),
        ([delta("\ud83d"), delta("\ude42", "stop")], "🙂", "stop", None),
        ([delta("Once", "stop"), frame(choices=[], usage={"total_tokens": 0})], "Once", "stop", None),
        ([b'data: {"choices":[{"delta":{"content":"caf\xe9"},"finish_reason":"stop"}]}\n'], "caf�", "stop", "UTF-8"),
    ],
)
def test_a_stream_that_ends_oddly_is_an_answer(chunks: list[bytes], text: str, finish: str, warned: str | None) -> None:
    """[DONE] or none, doubled finish, no deltas but a message, split surrogates, zero usage."""
    went = call(stream(chunks), request=STREAMED)
    assert (went.answer.text, went.answer.finish_reason) == (text, finish)
    assert "".join(went.heard) == text
    assert (went.answer.warning is None) if warned is None else warned in (went.answer.warning or "")


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        ([{"total_tokens": 9, "prompt_tokens": 4, "completion_tokens": 5}, {"total_tokens": 0}], Usage(4, 5, 9)),
        ([{"total_tokens": 0, "total_characters": 0}, None], None),
        ([{"prompt_tokens": 4, "completion_tokens": 5}], Usage(4, 5, 9)),
        ([{"total_tokens": "9"}, "nine"], None),
    ],
)
def test_usage_is_the_last_that_counts(reported: list[Any], usage: Usage | None) -> None:
    """Zeros before and after it are no count, and nor is nonsense."""
    chunks = [delta("Once", "stop"), *(frame(choices=[], usage=counts) for counts in reported)]
    assert call(stream(chunks), request=STREAMED).answer.usage == usage
