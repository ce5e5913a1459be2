"""Good answers in one JSON body, and the parts a stream's frames share with them."""

from __future__ import annotations

from typing import Any

from mmq.sandbox.contract.api import Api
from mmq.sandbox.reply.answer import Answer
from mmq.sandbox.reply.exchange import Exchange

FLAGS = {
    "input_sensitive": False,
    "output_sensitive": False,
    "input_sensitive_type": 0,
    "output_sensitive_type": 0,
    "output_sensitive_int": 0,
}
_FOREIGN = ("frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "user", "seed", "n")


def whole(exchange: Exchange) -> dict[str, Any]:
    """Return the body of a good answer in the shape of the call's API."""
    call, answer = exchange.call, exchange.answer
    opener, thoughts, closer = exchange.inline
    text = opener + "".join(thoughts) + closer + answer.text
    if call.api is Api.V1:
        body: dict[str, Any] = {
            "created": call.created,
            "model": exchange.model.id,
            "reply": text,
            "choices": [{"text": text, "index": 0, "finish_reason": answer.finish_reason}],
        }
    else:
        message = {"content": text, "role": "assistant", "name": "MiniMax AI", "audio_content": ""}
        if exchange.separates and answer.reasoning:
            message |= reasoning_fields(call.api, answer.reasoning_text)
        body = {
            "id": call.request_id,
            "choices": [{"finish_reason": answer.finish_reason, "index": 0, "message": message}],
            "created": call.created,
            "model": exchange.model.id,
            "object": "chat.completion",
        } | service_tier(exchange)
    return body | closing_fields(exchange)


def closing_fields(exchange: Exchange) -> dict[str, Any]:
    """Return what stands after the choices: usage, flags, `base_resp`, and on v1 the id."""
    call, quirks = exchange.call, exchange.quirks
    fields: dict[str, Any] = {}
    if "usage_missing" not in quirks:
        fields["usage"] = usage(call.api, None if "usage_zero" in quirks else exchange.answer)
    if call.api is Api.V1:
        fields |= {"input_sensitive": False, "output_sensitive": False, "id": call.request_id}
    else:
        fields |= FLAGS
    if "base_resp_missing" not in quirks:
        fields["base_resp"] = _success(exchange)
    return fields


def service_tier(exchange: Exchange) -> dict[str, str]:
    """Return the tier an M3 answer was given at, named on the OpenAI path alone."""
    if exchange.call.api is not Api.OPENAI or not exchange.model.newest_form:
        return {}
    asked = exchange.call.body.get("service_tier")
    return {"service_tier": "priority" if asked == "priority" else "standard"}


def usage(api: Api, answer: Answer | None) -> dict[str, Any]:
    """Return the usage object of an API; zeros without an answer. The legacy API tells the total alone."""
    if api is Api.V1:
        return {"total_tokens": answer.total_tokens if answer else 0}
    counts: dict[str, Any] = {
        "total_tokens": answer.total_tokens if answer else 0,
        "total_characters": 0,
        "prompt_tokens": answer.prompt_tokens if answer else 0,
        "completion_tokens": answer.completion_tokens if answer else 0,
    }
    if answer and answer.reasoning:
        counts["completion_tokens_details"] = {"reasoning_tokens": len(answer.reasoning)}
    return counts


def reasoning_fields(api: Api, text: str) -> dict[str, Any]:
    """Return reasoning as fields of a message or delta."""
    if api is Api.V2:
        return {"reasoning_content": text}
    detail = {
        "type": "reasoning.text",
        "id": "reasoning-text-1",
        "format": "MiniMax-response-v1",
        "index": 0,
        "text": text,
    }
    return {"reasoning_content": text, "reasoning_details": [detail]}


def _success(exchange: Exchange) -> dict[str, Any]:
    api, quirks = exchange.call.api, exchange.quirks
    foreign = next((name for name in _FOREIGN if name in exchange.call.body), None) if api is Api.V2 else None
    if "warning_status_msg" in quirks:
        foreign = foreign or "frequency_penalty"
    text = "success" if api is Api.V1 else ""
    if foreign:
        # A warning beside code 0: the answer is complete all the same.
        text = f'Invalid parameters detected, json: unknown field "{foreign}"'
    return {"status_code": "0" if "string_status_code" in quirks else 0, "status_msg": text}
