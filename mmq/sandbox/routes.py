"""Which path answers what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from mmq.sandbox.call_log import Entry
from mmq.sandbox.chat import chat
from mmq.sandbox.contract.api import CHAT_PATHS, Api
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.contract.models import MODELS
from mmq.sandbox.control import PREFIX, control
from mmq.sandbox.reply.refusal import Asked, refusal
from mmq.sandbox.reply.reply import Reply, json_bytes
from mmq.sandbox.send import id_headers, send
from mmq.sandbox.state import State


def router(state: State) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Return the handler of a sandbox: three chat paths, the list of models, control; else 404."""

    async def route(request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        api = CHAT_PATHS.get(path)
        if api is not None and request.method == "POST":
            return await chat(state, request, api)
        if path.startswith(PREFIX):
            return await control(state, request)
        entry = Entry(state.request_id(), path, state.now())
        if path == "/v1/models" and request.method == "GET":
            reply = _models(state, request, entry)
        else:
            reply = Reply((b"404 page not found",), 404, "text/plain; charset=utf-8")
        entry.http_status, entry.outcome = reply.status, str(reply.status)
        state.log.visited(entry)
        return await send(request, reply, id_headers(entry.request_id, entry.started), 0.0)

    return route


def _models(state: State, request: web.BaseRequest, entry: Entry) -> Reply:
    try:
        entry.key = state.keys.caller(request.headers.get("Authorization"), None, Api.V2).label
    except Refused as refused:
        entry.code = refused.code
        # The list is one of the native routes: HTTP 200 and a base_resp.
        return refusal(Asked(Api.V2, entry.request_id, int(entry.started)), refused, state.config.quirks)
    listed = [
        {"id": name, "object": "model", "created": int(model.published.timestamp()), "owned_by": "minimax"}
        for name, model in MODELS.items()
        if model.published is not None
    ]
    return Reply((json_bytes({"object": "list", "data": listed}),))
