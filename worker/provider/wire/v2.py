"""MiniMax's native API, v2.

Source: https://platform.minimax.io/docs/api-reference/text-post
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.provider.account import Account
from worker.provider.refusal import Refusal
from worker.provider.wire import chat
from worker.provider.wire.own_fields import without_own_fields

PATH = "/text/chatcompletion_v2"

read = chat.read


def query(account: Account) -> dict[str, str]:  # noqa: ARG001 - one signature for the three APIs
    """Return nothing: v2 knows the group by the key."""
    return {}


def obstacle(request: Mapping[str, Any], account: Account) -> Refusal | None:  # noqa: ARG001
    """Return None: v2 takes an OpenAI-style request as it is."""
    return None


def body(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request body. `<think>` is parted by us, unless the request asks for `reasoning_split`."""
    return chat.streaming(without_own_fields(request))
