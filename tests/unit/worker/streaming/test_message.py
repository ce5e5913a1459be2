"""The messages between followers and workers: anybody with Redis' password may send anything."""

from __future__ import annotations

import pytest

from worker.streaming.message import Following, Part


@pytest.mark.parametrize("message", [Following("j", 2, 17), Part(1, 0, 'Grüße \ud83d\n"', over=True), Part(3, 9, "")])
def test_a_message_is_read_as_it_was_written(message: Following | Part) -> None:
    """Text may hold anything, half an emoji too."""
    assert type(message).read(message.json) == message
    assert type(message).read(message.json.encode()) == message


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\xff\xfe",
        b"7",
        b"[]",
        b"{}",
        b"null",
        '{"job_id": 1, "attempt": "x"}',
        '{"job_id": "j", "attempt": Infinity, "at": 0, "text": "", "over": false}',
        "[" * 100_000,
    ],
    ids=["nothing", "no text", "number", "list", "empty", "null", "word for a number", "infinity", "nested deep"],
)
def test_what_is_none_of_ours_is_no_message(garbage: str | bytes) -> None:
    """It is dropped, and harms nobody."""
    assert Following.read(garbage) is None
    assert Part.read(garbage) is None


def test_a_follower_of_endless_length_is_none_of_ours() -> None:
    """Workers remember who follows, and whoever has Redis's password may say so."""
    assert Following.read(Following("j" * 2000).json) is None
