"""Checks the sampling parameters and the length of the answer against what the API and the model allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeGuard

from worker.provider.account import Api
from worker.provider.catalogue import Model
from worker.provider.preflight.finding import Finding
from worker.provider.quoting import quote
from worker.provider.wire.own_fields import V1_MESSAGE_FORM

_THINKING = ("adaptive", "disabled")
_FORMS = ("sender_type", "role")


def parameter_findings(request: Mapping[str, Any], api: Api, model: Model | None) -> Iterator[Finding]:
    """Refuse values out of range. A field that is null counts as not given."""
    for name, check in _CHECKS.items():
        value = request.get(name)
        if value is not None:
            yield from check(name, value, api, model)
    if request.get("max_tokens") is not None and request.get("max_completion_tokens") is not None:
        message = "given together with max_completion_tokens"
        yield Finding("max_tokens", message, "keep max_completion_tokens alone", fatal=False)


def _temperature(name: str, value: object, api: Api, model: Model | None) -> Iterator[Finding]:
    if not _is_number(value):
        yield Finding(name, f"must be a number, not {quote(value)}")
        return
    wide = api is Api.OPENAI and (model is None or model.temperature_from_0_to_2)
    if wide and not 0 <= value <= 2:
        yield Finding(name, f"{quote(value)} is not within 0 to 2", "leave it out for the model's own")
    elif not wide and not 0 < value <= 1:
        remedy = "use 0.01 for the steadiest answers" if value == 0 else "use at most 1"
        yield Finding(name, f"{quote(value)} is not above 0 and up to 1", remedy)


def _top_p(name: str, value: object, api: Api, _model: Model | None) -> Iterator[Finding]:
    if not _is_number(value):
        yield Finding(name, f"must be a number, not {quote(value)}")
    elif not (0 < value <= 1 or (value == 0 and api is Api.OPENAI)):
        yield Finding(name, f"{quote(value)} is not above 0 and up to 1", "leave it out for the model's own")


def _length(name: str, value: object, _api: Api, model: Model | None) -> Iterator[Finding]:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        yield Finding(name, f"must be a whole number above 0, not {quote(value)}")
    elif model is not None and model.max_output_tokens is not None and value > model.max_output_tokens:
        message = f"{quote(value)} tokens, {model.id} answers with at most {model.max_output_tokens:,}"
        yield Finding(name, message, f"use at most {model.max_output_tokens}")


def _n(name: str, value: object, _api: Api, _model: Model | None) -> Iterator[Finding]:
    if value != 1 or isinstance(value, bool):
        yield Finding(name, f"{quote(value)}: MiniMax gives one answer a request", "enqueue the prompt several times")


def _boolean(name: str, value: object, _api: Api, _model: Model | None) -> Iterator[Finding]:
    if not isinstance(value, bool):
        yield Finding(name, f"must be true or false, not {quote(value)}")


def _thinking(name: str, value: object, _api: Api, _model: Model | None) -> Iterator[Finding]:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in _THINKING:
        message = f"{quote(value)}: its type must be adaptive or disabled"
        yield Finding(name, message, 'write {"type": "adaptive"}')


def _response_format(name: str, value: object, _api: Api, model: Model | None) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield Finding(name, f"must be an object, not {quote(value)}")
    elif model is not None and model.id.startswith("MiniMax-M2"):
        message = f"{model.id} drops it silently and may answer in any form"
        yield Finding(name, message, "describe the form in the prompt as well", fatal=False)


def _message_form(name: str, value: object, _api: Api, _model: Model | None) -> Iterator[Finding]:
    if value not in _FORMS:
        yield Finding(name, f"must be one of {' and '.join(_FORMS)}, not {quote(value)}")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


_CHECKS: dict[str, Callable[[str, object, Api, Model | None], Iterator[Finding]]] = {
    "temperature": _temperature,
    "top_p": _top_p,
    "max_tokens": _length,
    "max_completion_tokens": _length,
    "tokens_to_generate": _length,
    "n": _n,
    "stream": _boolean,
    "reasoning_split": _boolean,
    "thinking": _thinking,
    "response_format": _response_format,
    V1_MESSAGE_FORM: _message_form,
}
