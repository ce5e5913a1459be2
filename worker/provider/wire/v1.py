"""MiniMax's legacy API, v1: GroupId in the query, `prompt` and sender types for the abab models.

Source: https://platform.minimaxi.com/document/ChatCompletion?key=667bdde33be2027f69b71d4c
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from worker.provider.account import Account
from worker.provider.refusal import Refusal
from worker.provider.wire import chat
from worker.provider.wire.own_fields import V1_MESSAGE_FORM, without_own_fields
from worker.provider.wire.piece import Piece, Said
from worker.provider.wire.sender_types import Conversation, Untranslatable, conversation

PATH = "/text/chatcompletion"

_FORMS = frozenset({"sender_type", "role"})
# v1 refuses a prompt without them; they name the two voices to the model and show nowhere in the answer.
_ROLE_META = {"user_name": "User", "bot_name": "Assistant"}


def query(account: Account) -> dict[str, str]:
    """Return the one query parameter of legacy v1."""
    # Legacy MiniMax v1: GroupId must be a URL query parameter. Do not remove it, and do not move it to the body or
    # to a header: without it MiniMax answers 1004 "authentication failed" to a key that is perfectly good.
    return {"GroupId": account.group_id or ""}


def obstacle(request: Mapping[str, Any], account: Account) -> Refusal | None:
    """Return why this request cannot be sent by v1, or None."""
    if not account.group_id:
        return Refusal(cause="missing_group_id", message=f"account {account.name!r} has no GroupId")
    form = request.get(V1_MESSAGE_FORM)
    if form is not None and form not in _FORMS:
        return Refusal(cause="invalid_request", message=f"{V1_MESSAGE_FORM} must be one of {sorted(_FORMS)}")
    if _by_sender_type(request):
        try:
            conversation(request.get("messages"))
        except Untranslatable as exc:
            return Refusal(cause="invalid_request", message=str(exc))
    return None


def body(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request body: `messages` in the model's form, `max_tokens` as `tokens_to_generate`.

    The system text becomes `prompt`, with a neutral `role_meta` where the request gives none.
    """
    sent = without_own_fields(request)
    most = [sent.pop(name, None) for name in ("max_completion_tokens", "max_tokens")]
    for limit in most:
        if limit is not None:
            sent.setdefault("tokens_to_generate", limit)
    sent.pop("stream_options", None)
    if sent.get("stream"):
        sent["use_standard_sse"] = True
    if _by_sender_type(request):
        _put(conversation(request.get("messages")), sent)
    return sent


def read(frame: Mapping[str, Any]) -> Piece | None:
    """Return what a body or frame says; `reply` holds the whole text, in a body and in a stream's last frame."""
    piece = chat.read(frame)
    reply = frame.get("reply")
    if not isinstance(reply, str) or not reply:
        choices = frame.get("choices")
        reply = choices[0].get("text") if piece and isinstance(choices, list) else None
    if piece is None:
        return Piece(whole=Said(reply)) if isinstance(reply, str) and reply else None
    whole = piece.whole or (Said(reply) if isinstance(reply, str) and reply else None)
    finish = "length" if piece.finish_reason == "max_output" else piece.finish_reason
    return replace(piece, whole=whole, finish_reason=finish)


def _by_sender_type(request: Mapping[str, Any]) -> bool:
    form = request.get(V1_MESSAGE_FORM)
    if form is None:
        return str(request.get("model", "")).lower().startswith("abab")
    return bool(form == "sender_type")


def _put(said: Conversation, sent: dict[str, Any]) -> None:
    sent["messages"] = said.messages
    if said.prompt:
        own = sent.get("prompt")
        sent["prompt"] = f"{own}\n\n{said.prompt}" if isinstance(own, str) and own else said.prompt
    if sent.get("prompt"):
        sent.setdefault("role_meta", dict(_ROLE_META))
