"""From a call and its plan to the response, all but the sending."""

from __future__ import annotations

from dataclasses import replace

from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.faults.plan import Plan
from mmq.sandbox.reply.exchange import Exchange
from mmq.sandbox.reply.refusal import Asked, refusal
from mmq.sandbox.reply.reply import JSON_TYPE, SSE_TYPE, Reply, json_bytes
from mmq.sandbox.reply.spoil import spoil
from mmq.sandbox.reply.stream import closing, deltas
from mmq.sandbox.reply.whole import whole

_SLICE_BYTES = 7
_PING = b": ping\n\n"


def build(exchange: Exchange, plan: Plan) -> Reply:
    """Return the response to an admitted call. The exchange has the plan's quirks."""
    call = exchange.call
    if plan.fault is not None:
        reply = spoil(exchange, plan.fault, plan.code)
    elif plan.code is not None:
        asked = Asked(call.api, call.request_id, call.created, call.model)
        reply = refusal(asked, Refused(plan.code), plan.quirks)
    elif call.stream and "json_answer" not in plan.quirks:
        frames = (*deltas(exchange), *closing(exchange))
        reply = Reply(frames, content_type=SSE_TYPE, streamed=True)
    else:
        reply = Reply((json_bytes(whole(exchange)),))
    return bend(reply, plan.quirks) if plan.quirks else reply


def bend(reply: Reply, quirks: frozenset[str]) -> Reply:
    """Apply the quirks that concern the transport, not the content."""
    headers = reply.headers
    if "connection_close" in quirks:
        headers = (*headers, ("Connection", "close"))
    kind = "text/plain" if "text_plain" in quirks and reply.content_type == JSON_TYPE else reply.content_type
    chunks = reply.chunks
    if reply.streamed and "pings" in quirks:
        chunks = tuple(part for chunk in chunks for part in (_PING, chunk))
    scattered = reply.streamed and "split_bytes" in quirks
    if scattered:
        raw = b"".join(chunks)
        chunks = tuple(raw[at : at + _SLICE_BYTES] for at in range(0, len(raw), _SLICE_BYTES))
    return replace(reply, headers=headers, content_type=kind, chunks=chunks, scattered=scattered)
