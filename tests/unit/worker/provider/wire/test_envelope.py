from __future__ import annotations

from typing import Any

import pytest

from worker.provider.wire.envelope import Failure, failure_of, warnings_of


@pytest.mark.parametrize(
    ("payload", "failure"),
    [
        ({"base_resp": {"status_code": 1002, "status_msg": "slow"}}, Failure(1002, "slow")),
        ({"base_resp": {"status_code": "1002", "status_msg": "slow"}}, Failure(1002, "slow")),
        ({"base_resp": {"status_code": 1002.0, "status_msg": "slow"}}, Failure(1002, "slow")),
        ({"error": {"message": "no", "code": 1004.0, "http_code": 401.0}}, Failure(1004, "no", 401)),
        ({"base_resp": {"status_code": 0.0}}, None),
        ({"base_resp": {"status_code": 0.5}}, None),
        ({"base_resp": {"status_code": float("inf")}}, None),
        ({"base_resp": {"status_code": 10**80}}, None),
        ({"choices": None, "base_resp": {"status_code": 2061}}, Failure(2061, "")),
        ({"base_resp": {"status_code": 0, "status_msg": "a warning"}, "choices": []}, None),
        ({"base_resp": {"status_code": "0"}}, None),
        ({"base_resp": None}, None),
        ({"base_resp": {}}, None),
        ({"base_resp": "x"}, None),
        ({"error": {"message": "no (2013)", "http_code": "400"}}, Failure(2013, "no (2013)", 400)),
        ({"error": {"message": "unknown error, 520 (1000)"}}, Failure(1000, "unknown error, 520 (1000)")),
        ({"error": {"message": "max (4096) (2013)"}}, Failure(2013, "max (4096) (2013)")),
        ({"error": {"message": "no", "code": "1004"}}, Failure(1004, "no")),
        ({"error": {"message": "no", "code": "invalid_prompt"}}, Failure(None, "no")),
        ({"error": {"type": "server_error"}}, Failure(None, "server_error")),
        ({"error": "busy (2064)"}, Failure(2064, "busy (2064)")),
        ({"type": "error", "message": "gone (1001)"}, Failure(1001, "gone (1001)")),
        ({"error": None, "choices": []}, None),
        ({}, None),
    ],
)
def test_a_refusal_is_found_in_every_shape(payload: dict[str, Any], failure: Failure | None) -> None:
    """Numbers, strings, codes in parentheses; status_code 0 with a text is none."""
    assert failure_of(payload) == failure


@pytest.mark.parametrize(
    ("payload", "warnings"),
    [
        ({"base_resp": {"status_code": 0, "status_msg": "unknown field"}}, ["unknown field"]),
        ({"base_resp": {"status_code": 0, "status_msg": "Success"}}, []),
        ({"base_resp": {"status_code": 0, "status_msg": ""}}, []),
        ({"output_sensitive": True, "input_sensitive": False}, ["MiniMax flagged the output as sensitive"]),
        ({"input_sensitive": True}, ["MiniMax flagged the input as sensitive"]),
    ],
)
def test_a_warning_is_told_apart_from_success(payload: dict[str, Any], warnings: list[str]) -> None:
    """The word success is none, whatever its case."""
    assert warnings_of(payload) == warnings
