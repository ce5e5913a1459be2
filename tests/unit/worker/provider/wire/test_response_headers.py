from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from worker.provider.wire.response_headers import request_id, retry_after

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "payload", "expected"),
    [
        ({"Trace-Id": "t", "Minimax-Request-Id": "m"}, {"id": "i", "request_id": "r"}, "t"),
        ({"Minimax-Request-Id": "m"}, {"id": "i", "request_id": "r"}, "r"),
        ({"Minimax-Request-Id": "m"}, {"id": "i"}, "i"),
        ({"X-Mm-Request-Id": "x", "Minimax-Request-Id": "m"}, None, "m"),
        ({"X-Mm-Request-Id": "x"}, {"id": 7}, "x"),
        ({"alb_request_id": "a"}, {"id": ""}, "a"),
        ({"Trace-Id": " \x1b[2J "}, None, "[2J"),
        ({"Trace-Id": "x" * 999}, None, "x" * 999),
        ({}, None, None),
    ],
)
def test_the_request_id_is_found_in_every_place(
    headers: dict[str, str], payload: dict[str, object] | None, expected: str | None
) -> None:
    """Trace-Id first, then the body, then the other headers; harmless to print."""
    assert request_id(httpx.Headers(headers), payload) == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str, seconds: float | None) -> None:
    """A date counts from now; the past is no wait; nonsense is none."""
    assert retry_after(httpx.Headers({"Retry-After": value}), NOW) == seconds


def test_no_header_is_no_wait() -> None:
    """MiniMax is not known to send it."""
    assert retry_after(httpx.Headers(), NOW) is None
