from __future__ import annotations

import asyncio
import json
import pickle
import traceback
from typing import Any

import httpx
import pytest

from support.minimax_calls import KEY, REQUEST, account, call, delta, fixture, frame, stream
from worker.errors import CallFailed
from worker.provider.account import Timeouts
from worker.provider.classification import Action
from worker.provider.client import Client
from worker.provider.reply import Usage

STREAMED = {**REQUEST, "stream": True}


def base_resp(code: int | str, message: str = "", **fields: Any) -> httpx.Response:
    return httpx.Response(200, json={**fields, "base_resp": {"status_code": code, "status_msg": message}})


@pytest.mark.parametrize(
    ("api", "url"),
    [
        ("v2", "https://api.minimax.io/v1/text/chatcompletion_v2"),
        ("openai", "https://api.minimax.io/v1/chat/completions"),
        ("v1", "https://api.minimax.io/v1/text/chatcompletion?GroupId=1789"),
    ],
)
def test_each_api_is_called_where_it_is(api: str, url: str) -> None:
    """Path, query, the key as a bearer token, and a body of compact JSON."""
    sent = call(httpx.Response(200, content=fixture("v2_answer.json")), of=account(api)).requests[0]
    assert str(sent.url) == url
    assert sent.method == "POST"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["content-type"] == "application/json"
    assert json.loads(sent.content) == REQUEST
    assert KEY not in repr(sent.headers)


def test_a_body_is_an_answer() -> None:
    """Everything that v2's envelope says is in the reply."""
    went = call(httpx.Response(200, content=fixture("v2_answer.json"), headers={"Trace-Id": "trace"}))
    reply = went.answer
    assert reply.text == "A queue is a line of things that wait."
    assert reply.reasoning == "The user asks for one sentence."
    assert reply.usage == Usage(70, 46, 116, reasoning_tokens=12, cached_tokens=64)
    assert (reply.finish_reason, reply.model, reply.request_id) == ("stop", "MiniMax-M2", "trace")
    assert (reply.http_status, reply.warning, reply.created) == (200, None, 1734155471)
    assert reply.first_token_s is None
    assert went.heard == [reply.text]


def test_a_v1_body_is_an_answer() -> None:
    """`reply` is the text, `max_output` the length limit, and the total all that is known of usage."""
    request = {**REQUEST, "model": "abab5.5-chat"}
    reply = call(httpx.Response(200, content=fixture("v1_answer.json")), of=account("v1"), request=request).answer
    assert (reply.text, reply.finish_reason, reply.usage) == ("A queue is a line.", "length", Usage(0, 0, 31))
    assert reply.warning is None


def test_tool_calls_are_assembled() -> None:
    """An answer without text is one if it calls a tool."""
    first = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}
    chunks = [
        frame(choices=[{"delta": {"tool_calls": [first]}}]),
        frame(
            choices=[{"delta": {"tool_calls": [{"function": {"arguments": '{"a":1}'}}]}, "finish_reason": "tool_calls"}]
        ),
    ]
    reply = call(stream(chunks), request=STREAMED).answer
    assert (reply.text, reply.finish_reason) == ("", "tool_calls")
    assert reply.tool_calls[0]["function"] == {"name": "f", "arguments": '{"a":1}'}


@pytest.mark.parametrize(
    ("response", "code", "http_status", "request_id"),
    [
        (httpx.Response(200, content=fixture("v2_refusal.json")), "2061", 200, "0437ff3b1f5f4a5c8f2f0d6d0a6a1b2d"),
        (httpx.Response(429, content=fixture("openai_refusal.json")), "1002", 429, "0437ff3b1f5f4a5c8f2f0d6d0a6a1b2e"),
        (base_resp("1008", "balance"), "1008", 200, None),
        (httpx.Response(502, html="<html><title>502 Bad\n Gateway</title>"), "http_502", 502, None),
        (httpx.Response(200, html="<!DOCTYPE html><p>Log in</p>"), "html_body", 200, None),
        (httpx.Response(404, text="404 page not found", headers={"minimax-request-id": "m"}), "http_404", 404, "m"),
        (httpx.Response(500), "http_500", 500, None),
        (httpx.Response(200), "empty_body", 200, None),
        (httpx.Response(204), "empty_body", 204, None),
        (httpx.Response(200, text='{"choices": [{"mess'), "truncated_json", 200, None),
        (httpx.Response(200, text="upstream error"), "not_json", 200, None),
        (httpx.Response(200, content=b"\xff\xfe\x00\xffoops!"), "not_json", 200, None),
        (httpx.Response(200, text="[1, 2]"), "json_no_object", 200, None),
        (httpx.Response(200, text="null"), "json_no_object", 200, None),
        (httpx.Response(200, text="[" * 100_000), "not_json", 200, None),
        (httpx.Response(200, json={"choices": None}), "no_choices", 200, None),
        (httpx.Response(200, json={"choices": []}), "no_choices", 200, None),
        (httpx.Response(200, json={}), "no_choices", 200, None),
        (httpx.Response(403, json={"message": "denied"}), "http_403", 403, None),
        (httpx.Response(301, headers={"location": "https://evil.example"}), "http_301", 301, None),
    ],
)
def test_a_body_that_is_no_answer_is_a_refusal(
    response: httpx.Response, code: str, http_status: int, request_id: str | None
) -> None:
    """Error bodies in HTTP 200, web pages, half JSON, no JSON, nothing; a redirect is not followed."""
    went = call(response)
    refusal = went.failure.refusal
    assert (went.failure.verdict.code, refusal.http_status, refusal.request_id) == (code, http_status, request_id)
    assert len(went.requests) == 1


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (httpx.Response(502, html="<html><title>502 Bad\n Gateway</title>"), "502 Bad Gateway"),
        (httpx.Response(404, text="404 page not found"), "404 page not found"),
        (httpx.Response(403, json={"detail": "denied"}), "denied"),
        (base_resp(1002, "rate limit"), "rate limit"),
    ],
)
def test_the_message_is_what_the_server_said(response: httpx.Response, message: str) -> None:
    """Whatever form it said it in; the raw body is kept beside it."""
    refusal = call(response).failure.refusal
    assert refusal.message == message
    assert refusal.body == response.text


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"base_resp": {"status_code": 0, "status_msg": "unknown field x"}}, "unknown field x"),
        ({"model": "MiniMax-M1"}, "answered by MiniMax-M1, asked of MiniMax-M2"),
        ({"model": "minimax-m2"}, None),
        ({"output_sensitive": True}, "MiniMax flagged the output as sensitive"),
    ],
)
def test_an_answer_may_carry_a_warning(fields: dict[str, Any], warning: str | None) -> None:
    """status_code 0 with a text, or another model's name, spoils no answer and is not lost."""
    body = json.loads(fixture("v2_answer.json")) | fields
    assert call(httpx.Response(200, json=body)).answer.warning == warning


def test_retry_after_is_passed_on() -> None:
    """For whoever waits."""
    response = httpx.Response(429, headers={"Retry-After": "7"}, json={})
    assert call(response).failure.refusal.retry_after == 7.0


@pytest.mark.parametrize(
    ("fields", "request_", "code"),
    [
        ({"api": "v1", "group_id": None}, REQUEST, "missing_group_id"),
        ({"base_url": "http://[::1/v1"}, REQUEST, "invalid_base_url"),
        ({"key": ""}, REQUEST, "unusable_key"),
        ({"key": "sk-é"}, REQUEST, "unusable_key"),
        ({"key": "sk-x\nHost: evil"}, REQUEST, "unusable_key"),
        ({}, {**REQUEST, "temperature": float("nan")}, "invalid_request"),
        ({}, {**REQUEST, "user": "\ud800"}, "invalid_request"),
        ({}, {**REQUEST, "metadata": {1, 2}}, "invalid_request"),
        ({"api": "v1"}, {"model": "abab6.5s-chat", "messages": [{"role": "tool", "content": ""}]}, "invalid_request"),
    ],
)
def test_what_cannot_be_sent_is_not_sent(fields: dict[str, Any], request_: dict[str, Any], code: str) -> None:
    """The account pauses or the job fails, without a call."""
    went = call(httpx.Response(200), of=account(**fields), request=request_)
    assert went.failure.verdict.code == code
    assert went.failure.verdict.action is (Action.FAIL if code == "invalid_request" else Action.PAUSE)
    assert went.requests == []


def test_a_listener_that_fails_does_not_cost_the_answer() -> None:
    """Nor is its error taken for the network's."""
    heard: list[str] = []

    def hear(text: str) -> None:
        heard.append(text)
        raise BrokenPipeError

    async def run() -> Any:
        client = Client(account(), Timeouts(), httpx.MockTransport(lambda _: stream([delta("a "), delta("b", "stop")])))
        return await client.complete(STREAMED, hear)

    reply = asyncio.run(run())
    assert (reply.text, heard) == ("a b", ["a "])
    assert reply.warning == "whoever followed the answer failed: BrokenPipeError"


def test_the_key_and_the_prompt_do_not_show() -> None:
    """Not in the error's text, its repr, or what is stored of the body."""
    response = httpx.Response(401, text=f"bad header: Authorization: Bearer {KEY} What is a queue?")
    failure = call(response).failure
    for shown in (str(failure), repr(failure), failure.refusal.body, failure.refusal.message):
        assert KEY not in shown
    assert "What is a queue?" not in str(failure)


def test_the_key_is_in_no_traceback() -> None:
    """Not even in one that shows local variables, as crash reporters do."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut", request=request)

    failure = call(fail).failure
    shown = "".join(traceback.TracebackException.from_exception(failure, capture_locals=True).format())
    assert "prepared" in shown
    assert KEY not in shown


def test_a_failed_call_survives_pickling() -> None:
    """Celery may carry it between processes."""
    failure = call(base_resp(1027, "sensitive")).failure
    again = pickle.loads(pickle.dumps(failure))
    assert isinstance(again, CallFailed)
    assert (again.refusal, again.verdict) == (failure.refusal, failure.verdict)
