"""What the response's headers tell beside its body."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_TRACE = "trace-id"  # what MiniMax's support asks for; the same as the body's `id` and an error's `request_id`
_OTHERS = ("minimax-request-id", "x-mm-request-id", "x-minimax-request-id", "x-request-id", "alb_request_id")
LONGEST_ID = 200  #: characters of a request id that are kept


def request_id(headers: Mapping[str, str], payload: Mapping[str, Any] | None = None) -> str | None:
    """Return the id that MiniMax's support can find the call by, or None; of any length, to be cut once scrubbed."""
    payload = payload or {}
    candidates = (
        headers.get(_TRACE),
        payload.get("request_id"),
        payload.get("id"),
        *(headers.get(name) for name in _OTHERS),
    )
    return next((clean for given in candidates if (clean := _clean(given))), None)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to wait, from a number or an HTTP date; None where the header is missing or unreadable.

    MiniMax is not known to send it, but gateways before it do.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, now)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _seconds_until(date: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, IndexError, OverflowError):
        return math.nan
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()


def _clean(given: Any) -> str:
    if not isinstance(given, str):
        return ""
    return (given if given.isprintable() else "".join(char for char in given if char.isprintable())).strip()
