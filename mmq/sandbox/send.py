"""Sends a reply, or breaks off where it says so."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping

from aiohttp import web

from mmq.sandbox.reply.reply import Ending, Reply

# A linger time of zero makes close() answer with RST instead of FIN.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


async def send(
    request: web.BaseRequest, reply: Reply, headers: Mapping[str, str], duration_s: float
) -> web.StreamResponse:
    """Send a reply; the chunks of a stream are spread evenly over `duration_s`."""
    fields = {**headers, "Content-Type": reply.content_type, **dict(reply.headers)}
    if not reply.streamed and reply.ending is Ending.CLEAN:
        return web.Response(body=b"".join(reply.chunks), status=reply.status, headers=fields)
    response = web.StreamResponse(status=reply.status, headers=fields)
    if reply.streamed or reply.chunks:
        if reply.declared_bytes is not None:
            response.content_length = reply.declared_bytes
        await response.prepare(request)
        await _write(response, reply, duration_s)
    await _end(request, reply.ending)
    return response


def id_headers(request_id: str, now: float) -> Mapping[str, str]:
    """Return the headers by which MiniMax names a request; all carry the id that the body has."""
    return {
        "Trace-Id": request_id,
        "Minimax-Request-Id": request_id,
        "X-Mm-Request-Id": request_id,
        "X-Session-Id": request_id,
        "alb_request_id": request_id,
        "alb_receive_time": f"{now:.3f}",
    }


async def _write(response: web.StreamResponse, reply: Reply, duration_s: float) -> None:
    if duration_s <= 0 and not reply.scattered:
        if reply.chunks:
            await response.write(b"".join(reply.chunks))
        return
    clock = asyncio.get_running_loop().time
    start, step = clock(), duration_s / max(1, len(reply.chunks))
    for n, chunk in enumerate(reply.chunks, 1):
        await response.write(chunk)
        # By the clock, not by the step: a late wake-up must not slow the rest.
        await asyncio.sleep(max(0.0, start + n * step - clock()))


async def _end(request: web.BaseRequest, ending: Ending) -> None:
    transport = request.transport
    if ending is Ending.SILENCE:
        await asyncio.Event().wait()
    if transport is None or ending is Ending.CLEAN:
        return
    if ending is Ending.RESET:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
    else:
        transport.close()
