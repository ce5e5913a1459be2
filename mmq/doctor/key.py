"""What the key itself tells: its kind, whose it is, and whether it is one at all."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

from mmq.doctor.check import Check, fail, ok, warn
from worker.configuration.environment import LOOPBACK
from worker.provider.account import Account, Api
from worker.provider.regions import host_of
from worker.settings import Settings

SHORTEST = 20
PLACEHOLDER = re.compile(r"(?i)your|example|placeholder|change.?me|x{4,}|\.\.\.|^<.*>$|^\$")
FOREIGN = {"sk-ant-": "Anthropic", "sk-proj-": "OpenAI", "sk-or-": "OpenRouter", "gsk_": "Groq", "AIza": "Google"}
KINDS = {
    "sk-cp-": "is a token plan's: it has the plan's models and limits",
    "sk-api-": "is a pay-as-you-go key",
    "eyJ": "is an older key, a JWT",
}
CONSOLE = "take it from the API keys page of the MiniMax console"


def look(settings: Settings) -> Iterator[Check]:
    """Judge key and GroupId by their form. Neither is ever part of what is found."""
    if (account := settings.account) is None:
        return
    if host_of(account.base_url) in LOOPBACK:
        yield ok("key", "is set, for a provider on this machine")
        return
    yield _form(account.key.reveal())
    if account.group_id:
        yield from _group(account)


def _form(key: str) -> Check:
    if PLACEHOLDER.search(key):
        return fail("key", "is the placeholder of an example", CONSOLE)
    for prefix, provider in FOREIGN.items():
        if key.startswith(prefix):
            return fail("key", f"begins with {prefix!r}: it is a key of {provider}, not of MiniMax", CONSOLE)
    if len(key) < SHORTEST:
        return fail("key", f"has {len(key)} characters only", f"copy it again, in one piece: {CONSOLE}")
    if kind := next((kind for prefix, kind in KINDS.items() if key.startswith(prefix)), None):
        return ok("key", kind)
    return warn("key", "has none of the forms that MiniMax's keys have", CONSOLE)


def _group(account: Account) -> Iterator[Check]:
    group_id = account.group_id or ""
    owner = _owner(account.key.reveal())
    if not group_id.isdecimal():
        yield warn("group id", "is not a number", "take it from the account's profile in the console")
    elif owner and owner != group_id:
        found = "is not the one that the key names: MiniMax would answer 1004 'token not match group'"
        yield fail("group id", found, "take the Group ID and the key from the same account")
    elif account.api is not Api.V1:
        yield ok("group id", f"is set; {account.api} does not need it")
    else:
        yield ok("group id", "is the one that the key names" if owner else "is set")


def _owner(key: str) -> str | None:
    """Return the group that a JWT names, unverified: only MiniMax can do that."""
    try:
        payload = key.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["GroupID"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None
