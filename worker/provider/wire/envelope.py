"""Find a refusal in a payload of any of MiniMax's shapes, whatever its HTTP status and API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CODE_IN_TEXT = re.compile(r"\((\d{3,10})\)")
_BEYOND_CODES = 10**10  # no code is of this size, and a column that keeps codes has an end
_NO_WARNING = frozenset({"", "success", "ok"})


@dataclass(frozen=True, slots=True)
class Failure:
    """What a payload says went wrong. `http_code` is the status that an error inside a stream would have had."""

    code: int | None
    message: str
    http_code: int | None = None


def failure_of(payload: Mapping[str, Any]) -> Failure | None:
    """Return the refusal in a payload, or None.

    Shapes: `{"base_resp": {"status_code": 1002 or "1002", "status_msg"}}`, with or without a skeleton of an answer;
    `{"type": "error", "error": {"message": "text (1002)", "http_code": "429"}}`, whose code stands in the text alone.
    `status_msg` alone is no refusal: with status_code 0 it is a warning.
    """
    base = payload.get("base_resp")
    if isinstance(base, dict) and (code := number(base.get("status_code"))):
        return Failure(code, _text(base.get("status_msg")))
    error = payload.get("error")
    if isinstance(error, dict):
        message = _text(error.get("message"))
        code = _code_in(message) or number(error.get("code")) or None
        return Failure(code, message or _text(error.get("type")), number(error.get("http_code")))
    if isinstance(error, str) and error:
        return Failure(_code_in(error), error)
    if payload.get("type") == "error":
        message = _text(payload.get("message"))
        return Failure(_code_in(message), message)
    return None


def stray_message(payload: Mapping[str, Any]) -> str:
    """Return what a gateway's error body says under the names that gateways use, or ""."""
    return next((text for name in ("message", "detail", "msg") if (text := _text(payload.get(name)))), "")


def warnings_of(payload: Mapping[str, Any]) -> list[str]:
    """Return what MiniMax remarks on an answer it gives all the same."""
    found = []
    base = payload.get("base_resp")
    if isinstance(base, dict) and (text := _text(base.get("status_msg")).strip()).lower() not in _NO_WARNING:
        found.append(text)
    if payload.get("input_sensitive") is True:
        found.append("MiniMax flagged the input as sensitive")
    if payload.get("output_sensitive") is True:
        found.append("MiniMax flagged the output as sensitive")
    return found


def number(value: Any) -> int | None:
    """Return an integer given as a number (1002, 1002.0) or as its digits, else None; None also over 10 digits."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 12:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and abs(value) < _BEYOND_CODES else None


def _code_in(message: str) -> int | None:
    codes = _CODE_IN_TEXT.findall(message)
    return (int(codes[-1]) or None) if codes else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
