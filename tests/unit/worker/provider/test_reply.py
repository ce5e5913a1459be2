from __future__ import annotations

from typing import Any

from worker.provider.reply import Reply, Usage

CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def reply(**fields: Any) -> Reply:
    given: dict[str, Any] = {
        "text": "Hi",
        "reasoning": "",
        "tool_calls": (),
        "finish_reason": "stop",
        "model": "MiniMax-M2",
        "usage": Usage(1, 2, 3),
        "request_id": "r",
        "http_status": 200,
        "warning": None,
        "first_token_s": None,
        "total_s": 1.0,
        "created": 7,
    }
    return Reply(**{**given, **fields})


def test_an_answer_is_an_openai_chat_completion() -> None:
    """The results file holds what OpenAI's tools read."""
    assert reply().to_chat_completion() == {
        "id": "r",
        "object": "chat.completion",
        "created": 7,
        "model": "MiniMax-M2",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }


def test_reasoning_and_tool_calls_stand_beside_the_content() -> None:
    """A tool call without text has no content; details appear where they are counted."""
    body = reply(text="", reasoning="hm", tool_calls=(CALL,), usage=Usage(9, 8, 17, 4, 5)).to_chat_completion()
    assert body["choices"][0]["message"] == {
        "role": "assistant",
        "content": None,
        "reasoning_content": "hm",
        "tool_calls": [CALL],
    }
    assert body["usage"]["completion_tokens_details"] == {"reasoning_tokens": 4}
    assert body["usage"]["prompt_tokens_details"] == {"cached_tokens": 5}


def test_unknown_usage_is_left_out() -> None:
    """Zeros would be taken for a count."""
    assert "usage" not in reply(usage=None).to_chat_completion()
