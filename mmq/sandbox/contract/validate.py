"""What MiniMax refuses in a request it could read. The first fault found is the one it names."""

from __future__ import annotations

import re

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.call import Call
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.contract.messages import check_messages
from mmq.sandbox.contract.models import MODELS, Model

# Control characters but tab and line ends, and the zero-width and formatting characters of Unicode.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\ufff9-\ufffb]"
)
INVISIBLE_SHARE = 0.1


def check(call: Call, substitute: str | None = None) -> Model:
    """Return the model that will answer: the one asked for, or silently the `substitute`.

    Raises:
        Refused: 2013 with MiniMax's words for the parameter, 1042 for invisible characters.
    """
    model = MODELS[substitute] if substitute else _model(call)
    check_messages(call, model)
    _check_numbers(call, model)
    _check_thinking(call)
    _check_invisible(call)
    if call.prompt_tokens > model.context_tokens:
        raise Refused(2013, f"invalid params, context window exceeds limit ({model.context_tokens})")
    return model


def _model(call: Call) -> Model:
    model = MODELS.get(call.model)
    if model is None or (model.native_only and call.api is not Api.V2):
        raise Refused(2013, f"invalid params, unknown model '{call.model}'")
    return model


def _check_numbers(call: Call, model: Model) -> None:
    body = call.body
    relaxed = call.api is Api.OPENAI and model.newest_form
    temperature = body.get("temperature")
    if temperature is not None:
        low_ok = _number(temperature) and (temperature >= 0 if relaxed else temperature > 0)
        if not low_ok or temperature > (2 if relaxed else 1):
            raise Refused(2013, "invalid params, temperature must be in " + ("[0, 2]" if relaxed else "(0, 1]"))
    top_p = body.get("top_p")
    if top_p is not None:
        nought = call.api is Api.OPENAI
        if not (_number(top_p) and 0 <= top_p <= 1 and (nought or top_p)):
            raise Refused(2013, "invalid params, top_p must be in " + ("[0, 1]" if nought else "(0, 1]"))
    tokens = call.max_tokens
    if tokens is not None and not 0 < tokens <= model.max_output_tokens:
        raise Refused(2013, f"invalid params, max_tokens must be in [1, {model.max_output_tokens}]")


def _check_thinking(call: Call) -> None:
    thinking = call.body.get("thinking")
    if isinstance(thinking, dict) and thinking.get("type") not in ("adaptive", "disabled"):
        given = thinking.get("type")
        raise Refused(2013, f'invalid thinking.type: "{given}" (allowed: adaptive, disabled)')
    split = call.body.get("reasoning_split")
    if split is not None and not isinstance(split, bool):
        raise Refused(2013, "invalid params, reasoning_split must be a boolean")


def _check_invisible(call: Call) -> None:
    total = sum(len(text) for _, text in call.turns)
    invisible = sum(len(_INVISIBLE.findall(text)) for _, text in call.turns)
    if invisible > total * INVISIBLE_SHARE:
        raise Refused(1042)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
