"""`/_sandbox/...`: what a test or an operator may see and change. None of it is MiniMax's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from mmq.sandbox.state import State

PREFIX = "/_sandbox/"


async def control(state: State, request: web.BaseRequest) -> web.Response:
    """Serve one control request.

    GET log: the newest calls, one JSON object a line. GET stats: counts. GET prompts[?answered_over=N]: how often each
    prompt was asked, one a line. POST limits: `{"rpm", "rps", "tpm", "concurrency", "window", "growth", "account",
    "model"}`, any of them. POST reset: begin anew.
    """
    try:
        return await _serve(state, request)
    except (TypeError, ValueError) as exc:
        return web.json_response({"error": str(exc)}, status=400)


async def _serve(state: State, request: web.BaseRequest) -> web.Response:
    match request.method, request.path.removeprefix(PREFIX):
        case "GET", "log":
            return _lines(entry.as_json() for entry in state.log.entries)
        case "GET", "prompts":
            return _lines(state.log.tallies(int(request.query.get("answered_over", "-1"))))
        case "GET", "stats":
            return web.json_response(state.stats())
        case "POST", "reset":
            state.reset()
            return web.json_response({"reset": True})
        case "POST", "limits":
            wanted = json.loads(await request.read())
            if not isinstance(wanted, dict):
                raise TypeError("limits must be a JSON object")
            state.set_limits(**wanted)
            return web.json_response({"limits": wanted})
    return web.Response(status=404, text="the sandbox has log, stats, prompts, limits and reset\n")


def _lines(rows: Iterable[Mapping[str, Any]]) -> web.Response:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    return web.Response(text=text, content_type="application/x-ndjson")
