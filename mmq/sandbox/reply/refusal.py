"""Refusals in the shape of each API."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.reply.reply import Reply, json_bytes
from mmq.sandbox.reply.whole import FLAGS, usage


@dataclass(frozen=True, slots=True)
class Asked:
    """What a refusal echoes, known even of a request that could not be read."""

    api: Api
    request_id: str
    created: int
    model: str = ""


def refusal(asked: Asked, refused: Refused, quirks: frozenset[str]) -> Reply:
    """Return the response that refuses a call, streaming or not: MiniMax answers both with JSON."""
    seconds = str(max(1, math.ceil(refused.wait_s)))
    headers = (("Retry-After", seconds),) if "retry_after" in quirks else ()
    if asked.api is Api.OPENAI and "openai_base_resp" not in quirks:
        return Reply((json_bytes(error_object(asked, refused)),), refused.row.http, headers=headers)
    status = refused.http or 200
    if asked.api.native and "native_http_status" in quirks:
        status = refused.row.http
    body = base_resp(refused, quirks) if refused.bare else skeleton(asked, refused, quirks)
    return Reply((json_bytes(body),), status, headers=headers)


def error_object(asked: Asked, refused: Refused) -> dict[str, Any]:
    """Return the OpenAI path's error: the code only in the message's parentheses, `http_code` a string."""
    error = {"type": refused.row.kind, "message": str(refused), "http_code": str(refused.row.http)}
    return {"type": "error", "error": error, "request_id": asked.request_id}


def base_resp(refused: Refused, quirks: frozenset[str]) -> dict[str, Any]:
    """Return `{"base_resp": {"status_code", "status_msg"}}`, all that native paths say without a skeleton."""
    code = str(refused.code) if "string_status_code" in quirks else refused.code
    return {"base_resp": {"status_code": code, "status_msg": refused.message}}


def skeleton(asked: Asked, refused: Refused, quirks: frozenset[str]) -> dict[str, Any]:
    """Return a chat completion without choices around the `base_resp`; the legacy one has no id."""
    if asked.api is Api.V1:
        head: dict[str, Any] = {"created": asked.created, "model": asked.model, "reply": "", "choices": None}
        return head | base_resp(refused, quirks)
    head = {
        "id": asked.request_id,
        "choices": None,
        "created": asked.created,
        "model": asked.model,
        "object": "chat.completion",
        "usage": usage(asked.api, None),
    }
    return head | FLAGS | base_resp(refused, quirks)
