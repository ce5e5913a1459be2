"""A sandbox over real sockets, and a reader of its answers that believes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from mmq.sandbox.config import SANDBOX_GROUP, SANDBOX_KEY, SandboxConfig
from mmq.sandbox.thread import SandboxThread

PATHS = {
    "v2": "/text/chatcompletion_v2",
    "openai": "/chat/completions",
    "v1": f"/text/chatcompletion?GroupId={SANDBOX_GROUP}",
}


@dataclass(frozen=True)
class Asker:
    """Asks a sandbox as a client would. `client` has no base URL, so control paths can be reached too."""

    sandbox: SandboxThread
    client: httpx.Client

    def post(
        self, prompt: str, api: str = "v2", key: str = SANDBOX_KEY, read_s: float = 20.0, **fields: Any
    ) -> httpx.Response:
        """Return the response to one prompt; `read_s` is how long to bear with silence."""
        messages = [{"role": "user", "content": prompt}]
        return self.client.post(
            self.sandbox.base_url + PATHS[api],
            headers={"Authorization": f"Bearer {key}"},
            json={"model": "MiniMax-M2.5", "messages": messages} | fields,
            timeout=httpx.Timeout(20.0, read=read_s),
        )

    def opened(self, prompt: str) -> AbstractContextManager[httpx.Response]:
        """Return the response to one prompt, streamed on the OpenAI path, before any of it is read."""
        body = {"model": "MiniMax-M2.5", "stream": True, "messages": [{"role": "user", "content": prompt}]}
        headers = {"Authorization": f"Bearer {SANDBOX_KEY}"}
        return self.client.stream("POST", self.sandbox.base_url + PATHS["openai"], headers=headers, json=body)

    def code(self, prompt: str, **fields: Any) -> int:
        """Return the status code in the body of the native answer to one prompt."""
        return int(self.post(prompt, **fields).json()["base_resp"]["status_code"])

    def control(self, method: str, name: str, **kwargs: Any) -> httpx.Response:
        """Return the response of a control path."""
        url = self.sandbox.base_url.removesuffix("/v1") + "/_sandbox/" + name
        return self.client.request(method, url, **kwargs)


@pytest.fixture
def start() -> Iterator[Callable[..., Asker]]:
    """Starter of sandboxes: `start(rpm=5, ...)` takes what `SandboxConfig.of` does, or a `config`."""
    running: list[SandboxThread] = []
    with httpx.Client(timeout=20.0) as client:

        def one(config: SandboxConfig | None = None, **settings: Any) -> Asker:
            sandbox = SandboxThread(config or SandboxConfig.of(**settings)).__enter__()
            running.append(sandbox)
            return Asker(sandbox, client)

        yield one
    for sandbox in running:
        sandbox.__exit__(None, None, None)


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    """One sandbox for many tests, quick where it may be."""
    config = SandboxConfig(slow_s=0.01, huge_bytes=300_000)
    with SandboxThread(config) as sandbox, httpx.Client(timeout=20.0) as client:
        yield Asker(sandbox, client)


@pytest.fixture
def read_answer() -> Callable[[httpx.Response], str | None]:
    """Reader of answers: the text, or None if any sign says that it is no whole good answer."""
    return _read


def _read(response: httpx.Response) -> str | None:
    if response.status_code != 200:
        return None
    try:
        text = response.content.decode()
        if response.headers["content-type"] == "text/event-stream":
            return _read_stream([json.loads(data) for data in _data_lines(text) if data != "[DONE]"])
        body = json.loads(text)
    except ValueError:
        return None
    return _proper(*_read_frame(body)) if isinstance(body, dict) and _sound(body) else None


def _data_lines(text: str) -> Iterator[str]:
    return (line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: "))


def _read_stream(frames: list[Any]) -> str | None:
    text, finish = "", None
    for frame in frames:
        if not isinstance(frame, dict) or not _sound(frame):
            return None
        delta, reason = _read_frame(frame, streamed=True)
        if delta is not None:
            text = delta if text and delta.startswith(text) else text + delta
        finish = finish or reason
    return _proper(text, finish)


def _proper(text: str | None, finish: str | None) -> str | None:
    """Return what follows the reasoning. One that is cut before its end leaves no answer."""
    _, closer, after = (text or "").rpartition("</think>")
    if closer:
        text = after
    elif after.startswith("<think>") and finish == "length":
        text = ""
    return text if text and finish else None


def _read_frame(body: dict[str, Any], streamed: bool = False) -> tuple[str | None, str | None]:
    choices = body.get("choices")
    if not choices:
        return None, None
    choice = choices[0]
    finish = choice.get("finish_reason")
    if streamed:
        delta = choice.get("delta", "")
        return delta if isinstance(delta, str) else delta.get("content"), finish
    return choice["text"] if "text" in choice else choice["message"]["content"], finish


def _sound(frame: dict[str, Any]) -> bool:
    code = frame.get("base_resp", {}).get("status_code", 0)
    return "error" not in frame and int(code) == 0 and frame.get("choices", []) is not None
