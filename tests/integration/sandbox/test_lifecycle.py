"""Starting, stopping, being watched, and clients that leave."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from mmq.sandbox.config import SANDBOX_KEY, SandboxConfig
from mmq.sandbox.contract.digest import expected_digest
from mmq.sandbox.thread import SandboxThread
from support.waiting import eventually

if TYPE_CHECKING:
    from conftest import Asker

Start = Callable[..., "Asker"]
SERVE = """
from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.server import run
run(SandboxConfig(), lambda sandbox: print(sandbox.base_url, flush=True))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    """A process of its own: ready when it says so, gone without a trace of an error."""
    command = [sys.executable, "-W", "error", "-c", SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        assert httpx.get(base_url + "/models").status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_taken_port_is_an_error(start: Start) -> None:
    """Said at once, with nothing left running."""
    port = start().sandbox.port
    with pytest.raises(OSError, match="address already in use"), SandboxThread(SandboxConfig(port=port)):
        pytest.fail("two sandboxes on one port")


def test_closing_drops_calls_that_hang() -> None:
    """Whoever stops the sandbox does not wait for silence to end."""
    with httpx.Client(timeout=20.0) as client, ExitStack() as still_open:
        with SandboxThread() as sandbox:
            body = {"model": "MiniMax-M2.5", "messages": [{"role": "user", "content": "[[mmq:hang]]"}], "stream": True}
            headers = {"Authorization": f"Bearer {SANDBOX_KEY}"}
            opened = client.stream("POST", sandbox.base_url + "/chat/completions", headers=headers, json=body)
            response = still_open.enter_context(opened)
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()


def test_client_that_leaves_is_seen_and_frees_its_place(start: Start) -> None:
    """The call counts as abandoned, and concurrency is given back."""
    asker = start(concurrency=1, tokens_per_second=0.01)
    with asker.opened("hi"):
        assert asker.sandbox.stats()["budgets"][0]["in_flight"] == 1
    eventually(lambda: asker.sandbox.stats()["outcomes"] == {"abandoned": 1})
    (entry,) = asker.sandbox.log()
    assert (entry["admitted"], entry["answered"]) == (True, False)
    assert asker.sandbox.stats()["budgets"][0]["in_flight"] == 0


def test_log_tells_every_call_and_no_key(start: Start) -> None:
    """A line each: who, what, when, and what became of it."""
    asker = start(keys=[("sk-marked", "7")])
    asker.post("[[mmq:1002x1]]", "openai", key="sk-marked", stream=True)
    asker.post("[[mmq:1002x1]]", "openai", key="sk-marked")
    asker.post("hi", key="sk-other")
    text = asker.control("GET", "log").text
    first, second, third = (json.loads(line) for line in text.splitlines())
    assert first["finished"] >= first["started"]
    seen = [(row["key"], row["api"], row["outcome"], row["http_status"], row["stream"]) for row in (first, second)]
    assert seen == [("key-1", "openai", "1002", 429, True), ("key-1", "openai", "ok", 200, False)]
    assert (third["key"], third["outcome"], third["digest"]) == (None, "2049", None)
    assert "sk-" not in text + asker.control("GET", "stats").text


def test_prompts_answered_twice_are_found(start: Start) -> None:
    """By digest, also when the log itself keeps nothing."""
    asker = start(log_size=0)
    for prompt in ("a", "b", "a"):
        asker.post(prompt)
    rows = asker.control("GET", "prompts", params={"answered_over": 1}).text.splitlines()
    digest = expected_digest([{"role": "user", "content": "a"}])
    assert [json.loads(row) for row in rows] == [{"digest": digest, "asked": 2, "admitted": 2, "answered": 2}]
    assert asker.control("GET", "log").text == ""
    assert asker.control("GET", "prompts", params={"answered_over": "x"}).status_code == 400


def test_same_seed_meets_the_same_faults(start: Start) -> None:
    """Two sandboxes, one seed, the prompts in another order."""
    rates = {"1002": 0.3, "2013": 0.3}
    first, second = (start(faults=rates, seed=11) for _ in range(2))
    prompts = [f"prompt {n}" for n in range(30)]
    forward = {prompt: first.code(prompt) for prompt in prompts}
    assert {prompt: second.code(prompt) for prompt in reversed(prompts)} == forward
    assert set(forward.values()) == {0, 1002, 2013}


def test_stream_is_paced(start: Start) -> None:
    """The first token is there while the others are still to come."""
    asker = start(tokens_per_second=0.01, reasoning_words=0)
    with asker.opened("hi") as response:
        lines = response.iter_lines()  # held, since httpx closes the response with its iterator
        assert "sandbox:" in next(lines)
        assert asker.sandbox.stats()["in_flight"] == 1
