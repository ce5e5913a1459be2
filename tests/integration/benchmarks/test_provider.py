"""The light provider of the benchmarks says what the sandbox says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mmq.sandbox.config import SANDBOX_KEY, SandboxConfig
from mmq.sandbox.thread import SandboxThread

PROVIDER = Path(__file__).parents[3] / "benchmarks" / "provider.py"
BODY = {"model": "MiniMax-M2.7", "messages": [{"role": "user", "content": "Say ok"}]}
PATHS = ("text/chatcompletion_v2", "chat/completions")


def started(*limits: str) -> Iterator[str]:
    """Run the provider in a process of its own, and yield its address."""
    command = [sys.executable, str(PROVIDER), "--latency-ms", "0", *limits]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


@pytest.fixture
def light(request: pytest.FixtureRequest) -> Iterator[str]:
    """The light provider, with the limits that the test names."""
    yield from started(*getattr(request, "param", ()))


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[str]:
    """The sandbox, with the same limits."""
    options = getattr(request, "param", ())
    limits: Any = {name.removeprefix("--"): int(value) for name, value in zip(options[::2], options[1::2], strict=True)}
    with SandboxThread(SandboxConfig.of(reasoning_words=0, **limits)) as thread:
        yield thread.base_url


def asked(base_url: str, path: str) -> httpx.Response:
    """Ask one question."""
    return httpx.post(f"{base_url}/{path}", json=BODY, headers={"Authorization": f"Bearer {SANDBOX_KEY}"})


def shape(value: Any) -> Any:
    """The names and types of a body, and the values of what a client decides by."""
    if isinstance(value, dict):
        told = ("status_code", "status_msg", "finish_reason", "role", "object", "model", "type", "message", "http_code")
        return {name: one if name in told and not isinstance(one, dict) else shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return type(value).__name__


@pytest.mark.parametrize("path", PATHS)
def test_answers_have_one_shape(light: str, sandbox: str, path: str) -> None:
    """Status, content type, names and types of a good answer are the sandbox's."""
    one, other = asked(light, path), asked(sandbox, path)
    assert one.status_code == other.status_code == 200
    assert one.headers["content-type"] == other.headers["content-type"]
    assert shape(one.json()) == shape(other.json())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("light", "sandbox"),
    [(("--rps", "1"), ("--rps", "1")), (("--concurrency", "0"), ("--concurrency", "0"))],
    indirect=True,
    ids=["rate", "concurrency"],
)
def test_refusals_have_one_shape(light: str, sandbox: str, path: str) -> None:
    """A call over a limit gets the sandbox's status, code and text; on v2 that is HTTP 200."""
    for base_url in (light, sandbox):
        asked(base_url, path)
    one, other = asked(light, path), asked(sandbox, path)
    assert one.status_code == other.status_code == (429 if path == "chat/completions" else 200)
    assert shape(one.json()) == shape(other.json())


@pytest.mark.parametrize("light", [("--rps", "3")], indirect=True)
def test_refused_calls_are_counted(light: str) -> None:
    """The counts tell calls, answers and refusals by code, and begin anew with other limits."""
    root = light.removesuffix("/v1")
    for _ in range(5):
        asked(light, PATHS[0])
    counts = httpx.get(f"{root}/stats").json()
    assert (counts["calls"], counts["answered"], counts["refused"]) == (5, 3, {"1002": 2})
    httpx.post(f"{root}/reset", json={"latency_ms": 0})
    assert asked(light, PATHS[0]).json()["base_resp"]["status_code"] == 0
    assert httpx.get(f"{root}/stats").json()["calls"] == 1
