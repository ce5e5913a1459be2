"""Quirks and faults in the response as a whole."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from mmq.sandbox.contract.api import Api
from mmq.sandbox.faults.plan import Plan
from mmq.sandbox.faults.registry import FAULTS
from mmq.sandbox.reply.build import build
from mmq.sandbox.reply.exchange import Exchange
from mmq.sandbox.reply.reply import Ending, Reply

MakeExchange = Callable[..., Exchange]


def bent(make_exchange: MakeExchange, *quirks: str, **fields: Any) -> Reply:
    """Return the reply to a call with quirks."""
    exchange = make_exchange(quirks=set(quirks), **fields)
    return build(exchange, Plan(quirks=exchange.quirks))


def contents(reply: Reply) -> list[str]:
    """Return the deltas of an OpenAI stream."""
    frames = [json.loads(chunk.removeprefix(b"data: ")) for chunk in reply.chunks]
    return [frame["choices"][0]["delta"]["content"] for frame in frames]


def test_sliced_stream_has_the_same_bytes(make_exchange: MakeExchange) -> None:
    """Seven at a time, each sent by itself."""
    plain, sliced = bent(make_exchange, stream=True), bent(make_exchange, "split_bytes", stream=True)
    assert b"".join(sliced.chunks) == b"".join(plain.chunks)
    assert {len(chunk) for chunk in sliced.chunks[:-1]} == {7}
    assert sliced.scattered


def test_think_tags_are_cut_across_chunks(make_exchange: MakeExchange) -> None:
    """No delta holds a whole tag, all together do."""
    parts = contents(bent(make_exchange, "split_think", api=Api.OPENAI, stream=True))
    assert not any("<think>" in part or "</think>" in part for part in parts)
    assert "</think>\n\nsandbox:" in "".join(parts)


def test_coarse_chunks_are_few_and_whole(make_exchange: MakeExchange) -> None:
    """About 125 characters each, the text unchanged."""
    fields = {"api": Api.OPENAI, "stream": True}
    plain, coarse = contents(bent(make_exchange, **fields)), contents(bent(make_exchange, "coarse_chunks", **fields))
    assert "".join(coarse) == "".join(plain)
    assert len(coarse) < len(plain) / 5


def test_cumulative_deltas_repeat_what_came_before(make_exchange: MakeExchange) -> None:
    """Each begins with the one before; the last is the text."""
    fields = {"api": Api.OPENAI, "stream": True}
    *parts, end = contents(bent(make_exchange, "cumulative_deltas", **fields))
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(parts))
    assert (parts[-1], end) == ("".join(contents(bent(make_exchange, **fields))), "")


@pytest.mark.parametrize(
    ("quirk", "count"), [("duplicate_finish", 3), ("no_full_frame", 1), ("crlf", 2), ("json_answer", 1)]
)
def test_finish_reason_comes_as_often_as_told(make_exchange: MakeExchange, quirk: str, count: int) -> None:
    """Once on a chunk and once in the full frame of this model, unless bent."""
    raw = b"".join(bent(make_exchange, quirk, model="MiniMax-Text-01", stream=True).chunks)
    assert raw.count(b'"finish_reason":"stop"') == count


@pytest.mark.parametrize(
    ("quirk", "field"),
    [("usage_missing", "usage"), ("base_resp_missing", "base_resp")],
)
def test_field_is_missing(make_exchange: MakeExchange, quirk: str, field: str) -> None:
    """Not null: not there."""
    assert field in json.loads(bent(make_exchange).chunks[0])
    assert field not in json.loads(bent(make_exchange, quirk).chunks[0])


def test_zero_usage_is_there(make_exchange: MakeExchange) -> None:
    """All counts zero, whole and on each chunk."""
    usage = json.loads(bent(make_exchange, "usage_zero").chunks[0])["usage"]
    assert set(usage.values()) == {0}
    first = bent(make_exchange, "usage_zero", api=Api.OPENAI, stream=True).chunks[0]
    assert b'"usage":{"total_tokens":0,' in first


def test_transport_quirks_leave_the_body_alone(make_exchange: MakeExchange) -> None:
    """The label and the connection change, the bytes do not."""
    reply = bent(make_exchange, "text_plain", "connection_close")
    assert (reply.content_type, reply.headers) == ("text/plain", (("Connection", "close"),))
    assert reply.chunks == bent(make_exchange).chunks


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_changes_the_reply(make_exchange: MakeExchange, fault: str, stream: bool) -> None:
    """Whatever the fault, the reply is not the good one; only those that break off end otherwise than clean."""
    exchange = make_exchange(stream=stream)
    good, spoilt = build(exchange, Plan()), build(exchange, Plan(fault, FAULTS[fault].code))
    assert spoilt != good
    breaking = {"hang", "stall", "early_close", "disconnect", "reset", "reset_mid_stream"}
    assert (spoilt.ending is not Ending.CLEAN) == (fault in breaking)


def test_code_of_a_fault_can_be_chosen(make_exchange: MakeExchange) -> None:
    """`[[mmq:error_mid_stream=1008]]` says 1008."""
    reply = build(make_exchange(stream=True), Plan("error_mid_stream", 1008))
    assert b"insufficient balance (1008)" in reply.chunks[-1]
