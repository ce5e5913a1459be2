"""Checks the sampling parameters and the length of the answer against what the API and the model allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from worker.provider.account import Api
from worker.provider.catalogue import Model
from worker.provider.preflight.finding import Finding
from worker.provider.quoting import quote

_LENGTHS = ("max_tokens", "max_completion_tokens", "tokens_to_generate")
_THINKING = ("adaptive", "disabled")


def parameter_findings(request: Mapping[str, Any], api: Api, model: Model | None) -> Iterator[Finding]:
    """Refuse values out of range. A field that is null counts as not given."""
    if request.get("temperature") is not None:
        yield from _temperature(request["temperature"], api, model)
    if request.get("top_p") is not None:
        yield from _top_p(request["top_p"], api)
    for name in _LENGTHS:
        if request.get(name) is not None:
            yield from _length(name, request[name], model)
    if request.get("max_tokens") is not None and request.get("max_completion_tokens") is not None:
        message = "given together with max_completion_tokens"
        yield Finding("max_tokens", message, "keep max_completion_tokens alone", fatal=False)
    n = request.get("n")
    if n is not None and (n != 1 or isinstance(n, bool)):
        yield Finding("n", f"{quote(n)}: MiniMax gives one answer a request", "enqueue the prompt several times")
    stream = request.get("stream")
    if stream is not None and not isinstance(stream, bool):
        yield Finding("stream", f"must be true or false, not {quote(stream)}")
    if request.get("thinking") is not None:
        yield from _thinking(request["thinking"])


def _temperature(value: object, api: Api, model: Model | None) -> Iterator[Finding]:
    if not _is_number(value):
        yield Finding("temperature", f"must be a number, not {quote(value)}")
        return
    wide = api is Api.OPENAI and (model is None or model.temperature_from_0_to_2)
    if wide and not 0 <= value <= 2:
        yield Finding("temperature", f"{quote(value)} is not within 0 to 2")
    elif not wide and not 0 < value <= 1:
        remedy = "use 0.01 for the steadiest answers" if value == 0 else "use at most 1"
        yield Finding("temperature", f"{quote(value)} is not above 0 and up to 1", remedy)


def _top_p(value: object, api: Api) -> Iterator[Finding]:
    if not _is_number(value):
        yield Finding("top_p", f"must be a number, not {quote(value)}")
    elif not (0 < value <= 1 or (value == 0 and api is Api.OPENAI)):
        yield Finding("top_p", f"{quote(value)} is not above 0 and up to 1", "leave it out for the model's own")


def _length(name: str, value: object, model: Model | None) -> Iterator[Finding]:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        yield Finding(name, f"must be a whole number above 0, not {quote(value)}")
    elif model is not None and model.max_output_tokens is not None and value > model.max_output_tokens:
        message = f"{quote(value)} tokens, {model.id} answers with at most {model.max_output_tokens:,}"
        yield Finding(name, message, f"use at most {model.max_output_tokens}")


def _thinking(value: object) -> Iterator[Finding]:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in _THINKING:
        message = f"{quote(value)}: its type must be adaptive or disabled"
        yield Finding("thinking", message, 'write {"type": "adaptive"}')


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
