from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.provider.tokens import estimate_prompt_tokens, estimate_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("a" * 1000, 250), ("杭" * 1000, 650), ("ж" * 1000, 450), ("🙂" * 100, 85), ("\ud83d", 1)],
)
def test_estimate_follows_the_script(text: str, tokens: int) -> None:
    """A Chinese character weighs more than twice a Latin letter; half an emoji does no harm."""
    assert estimate_tokens(text) == tokens


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(first: str, second: str) -> None:
    """Appending text never lowers the estimate, and it never exceeds the text's bytes."""
    whole = estimate_tokens(first + second)
    assert whole >= max(estimate_tokens(first), estimate_tokens(second))
    assert whole <= len((first + second).encode("utf-8"))


def test_whole_request_counts_messages_tools_calls_and_images() -> None:
    """Each part of a prompt adds to its estimate."""
    plain: dict[str, Any] = {"messages": [{"role": "user", "content": "a" * 400}]}
    base = estimate_prompt_tokens(plain)
    assert 100 < base < 150
    for more in (
        {**plain, "tools": [{"type": "function", "function": {"name": "f"}}]},
        {"messages": [*plain["messages"], {"role": "assistant", "tool_calls": [{"id": "1"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a" * 400}, {"type": "image_url"}]}]},
    ):
        assert estimate_prompt_tokens(more) > base


@pytest.mark.parametrize(
    "messages", [None, "x", [1], [{}], [{"content": 5}], [{"content": [5]}], [{"tool_calls": {1}}]]
)
def test_malformed_request_is_estimated_all_the_same(messages: object) -> None:
    """The estimate is asked for before the request is known to be sound."""
    assert estimate_prompt_tokens({"messages": messages, "tools": {1}}) < 100
