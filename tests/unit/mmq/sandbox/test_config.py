"""What a sandbox is told."""

from __future__ import annotations

import pytest

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.limits.terms import Window


def test_plain_values_become_a_configuration() -> None:
    """Milliseconds become seconds, numbers windows."""
    config = SandboxConfig.of(rpm=600, rps=20, tpm=9000, concurrency=3, window="fixed", latency_ms=250, words=(2, 4))
    limits = config.rules[0].limits
    assert limits.requests == (Window(600, 60.0, "fixed"), Window(20, 1.0, "fixed"))
    assert (limits.tokens, limits.concurrency) == ((Window(9000, 60.0, "fixed"),), 3)
    assert (config.latency_s, config.length.least, config.length.most) == (0.25, 2, 4)


def test_every_wrong_setting_is_named_at_once() -> None:
    """One error for all of them."""
    with pytest.raises(ValueError) as caught:
        SandboxConfig.of(
            keys=(),
            faults={"stal": 0.9, "1002": 0.2},
            quirks={"hang"},
            latency_jitter=2,
            tokens_per_second=0,
            words=(9, 3),
        )
    for words in ("did you mean 'stall'", "'hang' is no quirk", "without keys", "sum", "jitter", "tokens", "9 to 3"):
        assert words in str(caught.value)


def test_keys_do_not_show() -> None:
    """Whoever logs a configuration logs no key."""
    assert "sk-marked" not in repr(SandboxConfig.of(keys=[("sk-marked", "1")]))
