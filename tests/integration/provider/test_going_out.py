"""When a call is said to go out: with its connection open, and not at all without one."""

from __future__ import annotations

import asyncio
import socket

from mmq.sandbox.config import SANDBOX_KEY, SandboxConfig
from mmq.sandbox.thread import SandboxThread
from worker.errors import CallFailed
from worker.provider.account import Account, Api, Secret
from worker.provider.client import Client

REQUEST = {"model": "MiniMax-M2.7", "messages": [{"role": "user", "content": "When?"}]}


async def ask(base_url: str, calls: int) -> list[str]:
    """So many calls, one after the other, and what became of them in order."""
    client, events = Client(Account("main", Api.V2, base_url, Secret(SANDBOX_KEY))), []
    try:
        for _ in range(calls):
            try:
                await client.complete(REQUEST, on_sent=lambda: events.append("sent"))
                events.append("answered")
            except CallFailed:
                events.append("failed")
    finally:
        await client.aclose()
    return events


def test_a_call_is_said_to_go_out_once_and_before_its_answer():
    """On a new connection and on one that was kept."""
    with SandboxThread(SandboxConfig.of(latency_ms=0)) as sandbox:
        assert asyncio.run(ask(sandbox.base_url, 2)) == ["sent", "answered"] * 2


def test_a_call_without_a_connection_does_not_go_out():
    """Nobody listens at that port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        assert asyncio.run(ask(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", 1)) == ["failed"]
