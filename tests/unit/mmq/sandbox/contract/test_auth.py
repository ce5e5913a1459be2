"""Who may call."""

from __future__ import annotations

import pytest

from mmq.sandbox.contract.api import Api
from mmq.sandbox.contract.auth import Keyring
from mmq.sandbox.contract.codes import Refused

KEYRING = Keyring([("sk-one", "111"), ("sk-two", "111"), ("sk-three", "333")])


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, 1004),
        ("", 1004),
        ("sk-one", 1004),
        ("Bearer", 1004),
        ("Bearer  sk-one", 1004),
        ("Bearer sk-one ", 1004),
        ("Bearer sk-one\n", 1004),
        ('Bearer "sk-one"', 1004),
        ("Bearer 'sk-one'", 1004),
        ("Bearer sk-\u200bone", 1004),
        ("Basic sk-one", 1004),
        ("Bearer sk-four", 2049),
    ],
)
def test_bad_credential_is_refused(header: str | None, code: int) -> None:
    """A malformed header is 1004, a well-formed unknown key 2049."""
    with pytest.raises(Refused) as caught:
        KEYRING.caller(header, None, Api.V2)
    assert (caught.value.code, caught.value.http) == (code, None)


@pytest.mark.parametrize(("key", "label", "account"), [("sk-two", "key-2", "111"), ("sk-three", "key-3", "333")])
def test_keys_of_one_group_share_an_account(key: str, label: str, account: str) -> None:
    """The account is the group; the key shows as a label only."""
    caller = KEYRING.caller(f"Bearer {key}", None, Api.OPENAI)
    assert (caller.label, caller.account) == (label, account)


@pytest.mark.parametrize(("group", "message"), [(None, "authentication failed"), ("333", "token not match group")])
def test_legacy_api_wants_the_group_of_the_key(group: str | None, message: str) -> None:
    """A missing or foreign GroupId is 1004 with HTTP 401, and a missing one is not named."""
    with pytest.raises(Refused) as caught:
        KEYRING.caller("Bearer sk-one", group, Api.V1)
    assert (caught.value.code, caught.value.http, caught.value.message) == (1004, 401, message)


def test_legacy_api_takes_the_right_group() -> None:
    """Key and GroupId of one account pass."""
    assert KEYRING.caller("Bearer sk-one", "111", Api.V1).account == "111"
