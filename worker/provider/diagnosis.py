"""Look behind a code: what the account and the request's fate say that MiniMax's code does not."""

from __future__ import annotations

import re

from worker.provider.account import Account, Api
from worker.provider.refusal import Refusal

_UNAUTHORISED = frozenset({"1004", "2049", "http_401", "http_403"})

_FIELD = (
    r"(?:model|messages?|role|content|name|stream|prompt|stop|tools?|temperature|json|format|type|body"
    r"|[a-z]+_[a-z_]+)"  # top_p, max_tokens, tool_choice, frequency_penalty, role_meta ...
)
# A parameter is named if the message speaks of parameters, quotes a field, or says of a field what is wrong with it.
# "unknown error, 999 (1000)" and "model service busy" name none.
_NAMES_A_PARAMETER = re.compile(
    rf"\b(?:param(?:eter)?s?|arguments?|fields?)\b|参数|字段"
    rf"|[\"'`]{_FIELD}[\"'`]"
    rf"|\b(?:invalid|unknown|unsupported|unrecognized|missing|wrong|illegal|bad)\s+{_FIELD}\b"
    rf"|\b{_FIELD}\s+(?:is|are|must|should|cannot|required|invalid|missing|unsupported|not)\b"
    rf"|\b(?:top_p|top_k|max_tokens|max_completion_tokens|tokens_to_generate|tool_choice|tool_calls?|stream_options"
    rf"|response_format|sender_type|sender_name|bot_setting|reply_constraints|role_meta|logit_bias|temperature"
    rf"|\w+_penalty)\b",
    re.IGNORECASE,
)


def diagnosis_of(refusal: Refusal, account: Account, code: str) -> str | None:
    """Return the row of codes.toml that explains this code better than its own, or None."""
    if code in _UNAUTHORISED:
        return _of_key(account)
    if code == "1000" and (refusal.http_status in {400, 422} or _NAMES_A_PARAMETER.search(refusal.message)):
        return "invalid_body"
    if code == "http_404" and refusal.cause is None and "model" in refusal.message.lower():
        return "http_4xx"  # a gateway that does not know the model, at the right path
    return None


def _of_key(account: Account) -> str | None:
    if account.api is Api.V1 and not account.group_id:
        return "missing_group_id"
    key = account.key.reveal()
    if any(char.isspace() or char in "\"'`" for char in key) or key.lower().startswith("bearer"):
        return "malformed_key"
    return None
