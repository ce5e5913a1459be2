"""Ask a client whose provider is a function or a list of bytes; what the provider tests have in common."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from worker.errors import CallFailed
from worker.provider.account import Account, Api, Secret, Timeouts
from worker.provider.client import Client
from worker.provider.reply import Reply

FIXTURES = Path(__file__).parents[1] / "fixtures" / "provider"
KEY = "sk-api-0123456789abcdef"
REQUEST = {"model": "MiniMax-M2", "messages": [{"role": "user", "content": "What is a queue?"}]}


def account(api: Api | str = Api.V2, **fields: Any) -> Account:
    """An account that lacks nothing its API needs."""
    fields.setdefault("group_id", "1789" if api == Api.V1 else None)
    fields.setdefault("base_url", "https://api.minimax.io/v1")
    fields["key"] = Secret(fields.get("key", KEY))
    return Account(name="main", api=Api(api), **fields)


@dataclass
class Call:
    """How one call went."""

    reply: Reply | None = None
    failed: CallFailed | None = None
    heard: list[str] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    @property
    def answer(self) -> Reply:
        assert self.reply is not None, self.failed
        return self.reply

    @property
    def failure(self) -> CallFailed:
        assert self.failed is not None, self.reply
        return self.failed


def call(
    respond: Callable[[httpx.Request], httpx.Response] | httpx.Response,
    *,
    of: Account | None = None,
    request: dict[str, Any] | None = None,
    timeouts: Timeouts | None = None,
) -> Call:
    """Make one call against a fake transport."""
    went = Call()

    def handle(sent: httpx.Request) -> httpx.Response:
        went.requests.append(sent)
        return respond if isinstance(respond, httpx.Response) else respond(sent)

    async def run() -> None:
        client = Client(of or account(), timeouts or Timeouts(), httpx.MockTransport(handle))
        try:
            went.reply = await client.complete(request or REQUEST, went.heard.append)
        except CallFailed as exc:
            went.failed = exc
        finally:
            await client.aclose()

    asyncio.run(run())
    return went


def stream(chunks: Iterable[bytes], *, then: BaseException | None = None, status: int = 200) -> httpx.Response:
    """An event stream in the given pieces, which ends or breaks."""

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk
        if then is not None:
            raise then

    return httpx.Response(status, headers={"content-type": "text/event-stream"}, content=body())


def fixture(name: str) -> bytes:
    """A recorded or documented payload."""
    return (FIXTURES / name).read_bytes()


def frame(**fields: Any) -> bytes:
    """Return a frame of a stream."""
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def delta(content: str, finish: str | None = None) -> bytes:
    """Return a frame that carries a piece of text."""
    return frame(choices=[{"index": 0, "delta": {"content": content}, "finish_reason": finish}])
