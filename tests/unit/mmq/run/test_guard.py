"""Who needs a password."""

from __future__ import annotations

import pytest

from mmq.run.guard import loopback, password_for
from worker.errors import ConfigurationError


@pytest.mark.parametrize(
    ("address", "alone"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.5", False),
        ("my-host", False),
    ],
)
def test_beyond_loopback_there_is_always_a_password(address: str, alone: bool) -> None:
    """Made up if none is given, a new one each time; on loopback none is needed."""
    assert loopback(address) is alone
    first, second = password_for(address, ""), password_for(address, "")
    assert (first, second) == ("", "") if alone else first != second
    assert password_for(address, "me:secret") == "me:secret"


@pytest.mark.parametrize("given", ["secret", ":secret", "me:"])
def test_half_a_password_is_refused_and_not_repeated(given: str) -> None:
    """It might be a real one."""
    with pytest.raises(ConfigurationError) as caught:
        password_for("127.0.0.1", given)
    assert "secret" not in str(caught.value)
