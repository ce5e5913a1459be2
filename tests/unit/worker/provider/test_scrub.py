from __future__ import annotations

import pytest

from worker.provider.account import Secret
from worker.provider.scrub import BODY_LIMIT, Scrub

KEY = "my key+with/odd=signs"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJHcm91cE5hbWUiOiJ4In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        f"the header was Bearer {KEY}",
        f"'{KEY}'",
        "Authorization: Bearer abcdefgh",
        "authorization=Basic abcdefgh",
        '{"api_key": "abcdefgh"}',
        '{"x-api-key":"abcdefgh"}',
        "invalid key sk-api-abcdefgh",
        "sk-cp-abcdefgh!",
        f"token {JWT} expired",
        "http://h/v1?GroupId=abcdefgh",
    ],
)
def test_credentials_are_masked(text: str) -> None:
    """The account's own key in any place, and whatever looks like one."""
    scrubbed = Scrub(Secret(KEY))(text)
    assert "***" in scrubbed
    for secret in (KEY, "abcdefgh", JWT, "c2lnbmF0dXJl"):
        assert secret not in scrubbed


@pytest.mark.parametrize("text", ["invalid params, max_tokens", "", "the bearer of news", "task-12345678 eye sk-"])
def test_other_text_is_left_alone(text: str) -> None:
    """An error message must stay readable."""
    assert Scrub(Secret(KEY))(text) == text


def test_a_key_at_the_cut_is_masked_before_the_cut() -> None:
    """Half a key is half a secret."""
    assert "my key" not in Scrub(Secret(KEY))("x" * (BODY_LIMIT - 6) + KEY)


@pytest.mark.parametrize("length", [*range(32_700, 32_790, 7), 131_060, 131_080])
def test_a_credential_is_masked_wherever_looking_stopped_first(length: int) -> None:
    """Long credentials shrink to a few stars, so that what stands far behind them is shown after all."""
    before = f"sk-{'a' * (length - 4)} "
    shown = Scrub(Secret(KEY))(f"{before}{KEY} sk-api-0123456789 Bearer abcdefghij the end")
    assert shown == "*** *** *** *** the end"


def test_a_scrub_does_not_show_its_key() -> None:
    """It is held by objects that may be printed."""
    assert KEY not in repr(Scrub(Secret(KEY)))
