"""Faults: the good answer taken, and spoilt in one way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.reply.exchange import Exchange
from mmq.sandbox.reply.refusal import Asked, base_resp, error_object, refusal, skeleton
from mmq.sandbox.reply.reply import HTML_TYPE, SSE_TYPE, Ending, Reply, json_bytes
from mmq.sandbox.reply.stream import closing, deltas, sse
from mmq.sandbox.reply.whole import whole

_HTML = b"<html>\r\n<head><title>%s</title></head>\r\n<body><center><h1>%s</h1></center></body>\r\n</html>\r\n"

# The same for streams and whole answers.
_FIXED = {
    "disconnect": Reply((), ending=Ending.CLOSE),
    "reset": Reply((), ending=Ending.RESET),
    "html_502": Reply((_HTML % (b"502 Bad Gateway", b"502 Bad Gateway"),), 502, HTML_TYPE),
    "html_200": Reply((_HTML % (b"MiniMax", b"Under maintenance"),), 200, HTML_TYPE),
    "redirect": Reply((), 307, headers=(("Location", "/v1/elsewhere"),)),
}
_HALVES = {"stall": Ending.SILENCE, "early_close": Ending.CLOSE, "reset_mid_stream": Ending.RESET}
_UNKNOWN = 1000


def spoil(exchange: Exchange, fault: str, code: int | None) -> Reply:
    """Return the response of a fault. Faults that only a stream can show refuse a whole answer with their code."""
    if fault in _FIXED:
        return _FIXED[fault]
    call = exchange.call
    asked = Asked(call.api, call.request_id, call.created, call.model)
    refused = Refused(code or _UNKNOWN)
    if fault == "json_instead_of_sse":
        return Reply((json_bytes(skeleton(asked, refused, exchange.quirks)),))
    if not call.stream:
        return _spoilt_whole(exchange, fault) if code is None else refusal(asked, refused, exchange.quirks)
    ending = Ending.SILENCE if fault == "hang" else _HALVES.get(fault, Ending.CLEAN)
    frames = _spoilt_text(exchange, fault) if code is None else _broken_off(exchange, fault, asked, refused)
    return Reply(tuple(frames), content_type=SSE_TYPE, streamed=True, ending=ending)


def _broken_off(exchange: Exchange, fault: str, asked: Asked, refused: Refused) -> list[bytes]:
    """Return a stream that ends with a code."""
    if fault == "error_frame_first":
        return [sse(exchange, skeleton(asked, refused, exchange.quirks))]
    bare = {"id": asked.request_id, "choices": []} | base_resp(refused, exchange.quirks)
    as_error = fault == "error_mid_stream" or (fault == "output_cut" and asked.api is Api.OPENAI)
    return [*_half(deltas(exchange)), sse(exchange, error_object(asked, refused) if as_error else bare)]


def _spoilt_text(exchange: Exchange, fault: str) -> list[bytes]:
    """Return the frames of a stream that says nothing of what is wrong with it."""
    if fault in _HALVES:
        return _half(deltas(exchange))
    made: dict[str, Callable[[], list[bytes]]] = {
        "hang": list,
        "empty_body": list,
        "no_finish": lambda: deltas(exchange),
        "truncated_json": lambda: [*deltas(exchange), _front(closing(exchange)[0])],
        "not_an_object": lambda: [sse(exchange, [])],
        "non_utf8": lambda: [*map(_not_utf8, deltas(exchange)), *closing(exchange)],
        "choices_null": lambda: [sse(exchange, _without_choices(exchange, None))],
        "choices_empty": lambda: [sse(exchange, _without_choices(exchange, []))],
        "empty_answer": lambda: [*deltas(_eaten(exchange)), *closing(_eaten(exchange))],
    }
    return made[fault]()


def _spoilt_whole(exchange: Exchange, fault: str) -> Reply:
    raw = json_bytes(whole(exchange))
    if fault == "hang":
        return Reply((), ending=Ending.SILENCE)
    if fault in _HALVES:
        return Reply((_front(raw),), declared_bytes=len(raw), ending=_HALVES[fault])
    made: dict[str, Callable[[], bytes]] = {
        "empty_body": lambda: b"",
        "no_finish": lambda: json_bytes(whole(_unfinished(exchange))),
        "truncated_json": lambda: _front(raw),
        "not_an_object": lambda: b"[]",
        "non_utf8": lambda: _not_utf8(raw),
        "choices_null": lambda: json_bytes(_without_choices(exchange, None)),
        "choices_empty": lambda: json_bytes(_without_choices(exchange, [])),
        "empty_answer": lambda: json_bytes(whole(_eaten(exchange))),
    }
    return Reply((made[fault](),))


def _without_choices(exchange: Exchange, choices: list[object] | None) -> dict[str, object]:
    emptied: dict[str, object] = {"choices": choices}
    return whole(exchange) | emptied | ({"reply": ""} if exchange.call.api is Api.V1 else {})


def _eaten(exchange: Exchange) -> Exchange:
    return replace(exchange, answer=replace(exchange.answer, pieces=(), finish_reason="length"))


def _unfinished(exchange: Exchange) -> Exchange:
    return replace(exchange, answer=replace(exchange.answer, finish_reason=""))


def _half(frames: list[bytes]) -> list[bytes]:
    return frames[: max(1, len(frames) // 2)]


def _front(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def _not_utf8(raw: bytes) -> bytes:
    # A cap on the answer may have left nothing of it; the model's name is always there.
    place = b"sandbox:" if b"sandbox:" in raw else b'"model":"'
    return raw.replace(place, place + b"\xff\xfe", 1)
