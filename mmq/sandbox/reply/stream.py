"""Good answers as server-sent events, a token a frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mmq.sandbox.contract.api import Api
from mmq.sandbox.reply.exchange import Exchange
from mmq.sandbox.reply.reply import json_bytes
from mmq.sandbox.reply.whole import FLAGS, closing_fields, reasoning_fields, service_tier, usage, whole

_COARSE_CHARACTERS = 125
_CUT_CHARACTERS = 4  # inside <think> and inside </think>


def sse(exchange: Exchange, frame: object) -> bytes:
    """Encode one frame. The legacy API parts frames by a single newline unless asked for standard SSE."""
    return _event(exchange, json_bytes(frame))


def deltas(exchange: Exchange) -> list[bytes]:
    """Return the frames that carry text, the answer whole but not yet ended."""
    parts = list(_parts(exchange))
    if "coarse_chunks" in exchange.quirks:
        parts = list(_coarse(parts))
    if "cumulative_deltas" in exchange.quirks:
        parts = list(_cumulative(parts))
    return [sse(exchange, _chunk(exchange, text, field)) for field, text in parts]


def closing(exchange: Exchange) -> list[bytes]:
    """Return the frames that end a good answer: the finish_reason, and whatever comes after it."""
    call, quirks = exchange.call, exchange.quirks
    if call.api is Api.V1:
        frames = [_last_of_v1(exchange)]
    else:
        frames = _finish(exchange)
        if _repeats_text(exchange):
            frames.append(whole(exchange))
        elif call.include_usage and "usage_missing" not in quirks:
            counts = usage(call.api, None if "usage_zero" in quirks else exchange.answer)
            frames.append(_envelope(exchange, []) | {"usage": counts})
    encoded = [sse(exchange, frame) for frame in frames]
    return [*encoded, _event(exchange, b"[DONE]")] if "done_sent" in quirks else encoded


def _event(exchange: Exchange, data: bytes) -> bytes:
    newline = b"\r\n" if "crlf" in exchange.quirks else b"\n"
    call = exchange.call
    single = call.api is Api.V1 and call.body.get("use_standard_sse") is not True
    return b"data: " + data + (newline if single else newline * 2)


def _repeats_text(exchange: Exchange) -> bool:
    if exchange.call.api is Api.V2 and exchange.model.full_frame:
        return "no_full_frame" not in exchange.quirks
    return "full_frame" in exchange.quirks


def _finish(exchange: Exchange) -> list[dict[str, Any]]:
    chunk = _chunk(exchange, "", "content")
    chunk["choices"][0]["finish_reason"] = exchange.answer.finish_reason
    return [chunk, chunk] if "duplicate_finish" in exchange.quirks else [chunk]


def _last_of_v1(exchange: Exchange) -> dict[str, Any]:
    head = {
        "created": exchange.call.created,
        "model": exchange.model.id,
        "reply": "" if "no_full_frame" in exchange.quirks else whole(exchange)["reply"],
        "choices": [{"index": 0, "finish_reason": exchange.answer.finish_reason, "delta": ""}],
    }
    return head | closing_fields(exchange)


def _parts(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Yield `(field, text)` in order; the field is `content` or `reasoning`."""
    if exchange.separates:
        yield from (("reasoning", piece) for piece in exchange.answer.reasoning)
    opener, thoughts, closer = exchange.inline
    for text in (*_tag(exchange, opener), *thoughts, *_tag(exchange, closer), *exchange.answer.pieces):
        yield "content", text


def _tag(exchange: Exchange, text: str) -> Iterable[str]:
    cut = _CUT_CHARACTERS if "split_think" in exchange.quirks else len(text)
    return (part for part in (text[:cut], text[cut:]) if part)


def _coarse(parts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    field, held = "", ""
    for name, text in parts:
        if held and (name != field or len(held) >= _COARSE_CHARACTERS):
            yield field, held
            held = ""
        field, held = name, held + text
    if held:
        yield field, held


def _cumulative(parts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    so_far: dict[str, str] = {}
    for field, text in parts:
        so_far[field] = so_far.get(field, "") + text
        yield field, so_far[field]


def _chunk(exchange: Exchange, text: str, field: str) -> dict[str, Any]:
    call = exchange.call
    if call.api is Api.V1:
        return {
            "created": call.created,
            "model": exchange.model.id,
            "reply": "",
            "choices": [{"delta": text}],
        }
    delta: dict[str, Any] = {
        "content": text if field == "content" else "",
        "role": "" if "role_empty" in exchange.quirks else "assistant",
        "name": "MiniMax AI",
        "audio_content": "",
    }
    if field == "reasoning":
        delta |= reasoning_fields(call.api, text)
    zeros = (call.api is Api.V2 and exchange.model.full_frame) or "usage_zero" in exchange.quirks
    counts = {"total_tokens": 0, "total_characters": 0} if zeros else None
    return _envelope(exchange, [{"index": 0, "delta": delta}]) | {"usage": counts} | FLAGS


def _envelope(exchange: Exchange, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": exchange.call.request_id,
        "choices": choices,
        "created": exchange.call.created,
        "model": exchange.model.id,
        "object": "chat.completion.chunk",
    } | service_tier(exchange)
