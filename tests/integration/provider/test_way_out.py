"""Which way a call goes out of the machine: straight to the configured host, whatever the environment suggests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mmq.sandbox.config import SANDBOX_KEY, SandboxConfig
from mmq.sandbox.thread import SandboxThread
from support.listener import listening
from worker.provider.account import Account, Api, Secret
from worker.provider.client import Client
from worker.provider.reply import Reply

REQUEST = {"model": "MiniMax-M2.7", "messages": [{"role": "user", "content": "Which way?"}]}


def test_no_proxy_and_no_netrc_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would read every prompt, and a .netrc entry would be sent in place of the key."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password not-the-key\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(netrc))

    async def ask(base_url: str) -> Reply:
        client = Client(Account("main", Api.V2, base_url, Secret(SANDBOX_KEY)))
        try:
            return await client.complete(REQUEST)
        finally:
            await client.aclose()

    with listening() as proxy, SandboxThread(SandboxConfig.of(latency_ms=0)) as sandbox:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert asyncio.run(ask(sandbox.base_url)).text
    assert proxy.heard == []
