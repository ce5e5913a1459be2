"""The table of status codes."""

from __future__ import annotations

import pytest

from mmq.sandbox.contract.codes import CODES, Refused, code_row


def test_every_code_a_chat_can_meet_is_there() -> None:
    """The chat codes of MiniMax's table, and those seen but not documented."""
    documented = {1000, 1001, 1002, 1004, 1008, 1024, 1026, 1027, 1033, 1039, 1041, 1042, 2013, 2045, 2049, 2056}
    seen = {1013, 1028, 1030, 2044, 2061, 2062, 2064}
    assert set(CODES) == documented | seen


@pytest.mark.parametrize(
    ("kind", "http", "codes"),
    [
        ("authorized_error", 401, {1004, 2049}),
        ("insufficient_balance_error", 402, {1008}),
        ("unprocessable_entity_error", 422, {1026, 1027}),
        ("rate_limit_error", 429, {1002, 1028, 1030, 1039, 1041, 2045, 2056, 2062}),
    ],
)
def test_openai_path_gives_the_recorded_type_and_status(kind: str, http: int, codes: set[int]) -> None:
    """Type and status go together as in the recorded answers."""
    assert {row.code for row in CODES.values() if (row.kind, row.http) == (kind, http)} == codes


def test_unknown_code_is_a_server_error() -> None:
    """A number MiniMax never published can still be asked for."""
    assert code_row(4711).http == 500
    assert str(Refused(4711)) == "unknown status (4711)"
