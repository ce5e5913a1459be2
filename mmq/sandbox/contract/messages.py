"""What MiniMax refuses in the `messages` of a request."""

from __future__ import annotations

from typing import Any

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.call import Call
from mmq.sandbox.contract.codes import Refused
from mmq.sandbox.contract.models import Model

# Tuples, not sets: a request may put anything there, also what cannot be hashed.
_ROLES = ("system", "user", "assistant", "tool")
_SENDERS = ("USER", "BOT")


def check_messages(call: Call, model: Model) -> None:
    """Raise Refused (2013) if the messages are not what this API and model take."""
    messages = call.body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(2013, "invalid params, messages is empty")
    if not all(isinstance(message, dict) for message in messages):
        raise Refused(2013, "invalid params, messages must be objects")
    if call.api is Api.V1 and model.speaks_sender_type:
        _check_senders(messages)
    else:
        _check_roles(messages)
    if all(role == "system" for role, _ in call.turns):
        raise Refused(2013, "invalid params, chat content is empty")


def _check_senders(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        if message.get("sender_type") not in _SENDERS:
            raise Refused(2013, "invalid params, sender_type must be USER or BOT")
        _check_text(message.get("text"))


def _check_roles(messages: list[dict[str, Any]]) -> None:
    open_calls: list[object] = []
    for message in messages:
        role = message.get("role")
        if role not in _ROLES:
            raise Refused(2013, f"invalid params, invalid role: {role}")
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise Refused(2013, "invalid params, tool result's tool id not found")
        else:
            calls = message.get("tool_calls")
            open_calls = [c.get("id") for c in calls if isinstance(c, dict)] if isinstance(calls, list) else []
            if not open_calls:
                _check_text(message.get("content"))
    if sum(message["role"] == "system" for message in messages) > 1:
        raise Refused(2013, "invalid params, invalid chat setting")


def _check_text(content: object) -> None:
    if isinstance(content, str):
        empty = not content.strip()
    elif isinstance(content, list):
        empty = not content
    else:
        empty = True
    if empty:
        raise Refused(2013, "invalid params, chat content is empty")
