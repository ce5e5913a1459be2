"""What any Celery producer may send. Needs the standard library only: copy this file into your own project.

    app.send_task(GENERATE, kwargs={"prompt": "..."}, queue="interactive", task_id="your own id")

The same `task_id` twice is one job. Arguments are those of `Generate`; anything else in a request (`temperature`,
`max_tokens`, `tools`, ...) goes beside them. Pass `kwargsrepr="..."` as well if your producer sends Celery events,
or its prompts show in Flower.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

CONTRACT_VERSION = 1

GENERATE = "minimax.generate"
LANES = ("interactive", "default", "bulk")  # each is a queue


class Message(TypedDict):
    """One chat message."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class Generate(TypedDict, total=False):
    """Keyword arguments of `minimax.generate`. Either `prompt` or `messages` is required."""

    version: int  #: CONTRACT_VERSION; absent is 1
    prompt: str
    messages: list[Message]
    model: str  #: absent is the worker's MINIMAX_MODEL
    lane: Literal["interactive", "default", "bulk"]  #: absent is "default"
    custom_id: str
    deadline: str  #: ISO 8601 with a time zone; after it the job expires unanswered
    request: dict[str, Any]  #: further fields of the chat request
