from __future__ import annotations

import re
from typing import Any

import pytest

from support.minimax_calls import account
from worker.provider.wire import openai, v1, v2

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
    {"role": "user", "content": [{"type": "text", "text": "And "}, {"type": "text", "text": "now?"}]},
]
BY_SENDER = [
    {"sender_type": "USER", "text": "Hi"},
    {"sender_type": "BOT", "text": "Hello"},
    {"sender_type": "USER", "text": "And now?"},
]


def test_the_group_id_is_in_the_query_and_nowhere_else() -> None:
    """v1 reads it from the URL alone; a body or header field would be refused or ignored."""
    assert v1.query(account("v1", group_id="1789")) == {"GroupId": "1789"}
    assert "1789" not in str(v1.body({"model": "abab5.5-chat", "messages": CHAT}))
    assert v2.query(account("v2", group_id="1789")) == openai.query(account("openai", group_id="1789")) == {}


def test_abab_models_get_sender_types_and_a_prompt() -> None:
    """The system text becomes the prompt, which v1 takes only with a role_meta."""
    body = v1.body({"model": "abab5.5-chat", "messages": CHAT})
    assert body["messages"] == BY_SENDER
    assert body["prompt"] == "Be brief."
    assert body["role_meta"] == {"user_name": "User", "bot_name": "Assistant"}


def test_minimax_models_get_roles_as_they_are() -> None:
    """Newer models on the old path speak the new form."""
    assert v1.body({"model": "MiniMax-Text-01", "messages": CHAT}) == {"model": "MiniMax-Text-01", "messages": CHAT}


@pytest.mark.parametrize(
    ("model", "form", "expected"),
    [("MiniMax-Text-01", "sender_type", BY_SENDER), ("abab6.5s-chat", "role", CHAT)],
)
def test_the_request_can_choose_the_form(model: str, form: str, expected: list[Any]) -> None:
    """The override wins over the model's name, and is not sent."""
    body = v1.body({"model": model, "messages": CHAT, "v1_message_form": form})
    assert body["messages"] == expected
    assert "v1_message_form" not in body


@pytest.mark.parametrize("dialect", [v2, openai])
def test_the_other_apis_pass_the_choice_over(dialect: Any) -> None:
    """The same request goes to all three, so that moving from v1 to v2 is one setting."""
    assert dialect.body({"model": "m", "v1_message_form": "role"}) == {"model": "m"}


def test_own_v1_fields_are_kept() -> None:
    """Who writes v1's own form is not translated, and a prompt of theirs comes before the system text."""
    request = {
        "model": "abab5.5-chat",
        "prompt": "You are Ada.",
        "role_meta": {"user_name": "Bo", "bot_name": "Ada"},
        "messages": [{"role": "system", "content": "Be brief."}, *BY_SENDER],
        "tokens_to_generate": 7,
        "max_tokens": 9,
    }
    body = v1.body(request)
    assert body["prompt"] == "You are Ada.\n\nBe brief."
    assert body["role_meta"] == {"user_name": "Bo", "bot_name": "Ada"}
    assert body["messages"] == BY_SENDER
    assert body["tokens_to_generate"] == 7
    assert "max_tokens" not in body


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_token_limit_is_called_by_v1s_name(name: str) -> None:
    """Left under its new name it would be ignored, and answers end after 256 tokens."""
    assert v1.body({"model": "MiniMax-Text-01", name: 99, "messages": []}) == {
        "model": "MiniMax-Text-01",
        "messages": [],
        "tokens_to_generate": 99,
    }


def test_streams_are_asked_in_standard_form() -> None:
    """stream_options is not v1's, and frames shall end in an empty line."""
    body = v1.body({"model": "m", "messages": [], "stream": True, "stream_options": {"include_usage": True}})
    assert body == {"model": "m", "messages": [], "stream": True, "use_standard_sse": True}


@pytest.mark.parametrize("dialect", [v2, openai])
def test_streams_are_asked_for_their_usage(dialect: Any) -> None:
    """Without it a reservation could not be settled; other options of the request stay."""
    body = dialect.body({"model": "m", "stream": True, "stream_options": {"include_usage": False, "x": 1}})
    assert body["stream_options"] == {"include_usage": True, "x": 1}
    assert "stream_options" not in dialect.body({"model": "m", "stream": False})


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"messages": [{"role": "tool", "content": "4"}]}, r"messages\[0\] has a role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, r"messages\[0\] .* not text"),
        ({"messages": ["hi"]}, r"messages\[0\] must be an object"),
        ({"messages": "hi"}, "must be a list"),
        ({"messages": [], "v1_message_form": "both"}, "v1_message_form"),
    ],
)
def test_what_v1_cannot_say_is_an_obstacle(request_: dict[str, Any], words: str) -> None:
    """It is found before anything is sent, and named by its place."""
    obstacle = v1.obstacle({"model": "abab5.5-chat", **request_}, account("v1"))
    assert obstacle is not None
    assert obstacle.cause == "invalid_request"
    assert re.search(words, obstacle.message)


def test_building_a_body_leaves_the_request_alone() -> None:
    """A request is used again for each attempt."""
    request = {"model": "abab5.5-chat", "messages": list(CHAT), "stream": True, "max_tokens": 3}
    before = repr(request)
    for dialect in (v1, v2, openai):
        dialect.body(request)
    assert repr(request) == before
