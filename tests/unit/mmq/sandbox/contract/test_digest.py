"""What identifies a prompt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.call import read_call
from mmq.sandbox.contract.digest import expected_digest

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "北京 \ud800"},
]


def digest_of(body: dict[str, Any]) -> str:
    """Return the digest the sandbox finds in a body."""
    return read_call(Api.V1, json.dumps(body).encode(), "f" * 32, 0).digest


def test_digest_does_not_change_between_versions() -> None:
    """Logs of one version must be comparable with answers of another."""
    assert expected_digest([{"role": "user", "content": "hi"}]) == "675b797826f34c78"


@pytest.mark.parametrize(
    "same",
    [
        [m | {"name": "Ann"} for m in TALK],
        [m | {"content": [{"type": "text", "text": m["content"]}]} for m in TALK],
    ],
)
def test_digest_is_of_role_and_text_alone(same: list[dict[str, Any]]) -> None:
    """Other fields and the form of the content do not count."""
    assert expected_digest(same) == expected_digest(TALK) == digest_of({"messages": TALK})


def test_legacy_form_of_a_conversation_has_the_same_digest() -> None:
    """USER, BOT and prompt are user, assistant and system."""
    senders = {"user": "USER", "assistant": "BOT"}
    legacy = [{"sender_type": senders[m["role"]], "text": m["content"]} for m in TALK[1:]]
    assert digest_of({"prompt": "Be brief.", "messages": legacy}) == expected_digest(TALK)


@pytest.mark.parametrize("other", [TALK[1:], TALK[::-1], [m | {"role": "user"} for m in TALK]])
def test_other_conversations_have_other_digests(other: list[dict[str, Any]]) -> None:
    """Order, roles and every turn count."""
    assert expected_digest(other) != expected_digest(TALK)
