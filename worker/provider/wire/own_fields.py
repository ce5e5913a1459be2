"""Request fields that are ours, so that the same request can be sent by any of the three APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: How legacy v1 is given the messages, overriding what the model's name suggests:
#: "sender_type" (`{"sender_type": "USER", "text"}`) or "role" (`{"role": "user", "content"}`). No effect elsewhere.
V1_MESSAGE_FORM = "v1_message_form"

_OWN = frozenset({V1_MESSAGE_FORM})


def without_own_fields(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the request that MiniMax can be sent."""
    return {name: value for name, value in request.items() if name not in _OWN}
