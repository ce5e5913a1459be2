"""A MiniMax that costs next to nothing: one fixed answer after a fixed time, v2 and OpenAI form, with limits.

    python benchmarks/provider.py --port 0 --latency-ms 50 --rps 20 --concurrency 10

Where thousands of calls a second are compared, the sandbox would be what is measured. This one keeps its status codes
and the shapes of its bodies, which a test holds equal, and little else. It prints its address as one line of JSON.
`GET /stats` tells what it has counted; `POST /reset` with `{"latency_ms", "rps", "concurrency"}` begins anew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

URGENT = re.compile(rb"urgent-\d+")  # a prompt that holds this is told apart in the stats
MODEL = re.compile(rb'"model":\s*"([^"]{1,80})"')
LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
HEADERS_END = b"\r\n\r\n"
MESSAGES = {1002: "rate limit exceeded(RPM)", 1041: "conn limit exceeded"}
SENSITIVITY = (
    '"input_sensitive":false,"output_sensitive":false,'
    '"input_sensitive_type":0,"output_sensitive_type":0,"output_sensitive_int":0'
)


@dataclass(slots=True)
class Provider:
    """What is allowed, and what was counted. `first` and `last` are moments of `time.time`: a call's, an answer's."""

    latency_s: float = 0.05
    rps: int | None = None  #: calls in any one second
    concurrency: int | None = None
    calls: int = 0
    answered: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    in_flight: int = 0
    max_in_flight: int = 0
    first: float = 0.0
    last: float = 0.0
    urgent: dict[str, list[float]] = field(default_factory=dict)  #: name to the moments of its call and its answer
    _recent: deque[float] = field(default_factory=deque)

    def admit(self, now: float) -> int | None:
        """Count a call; return None if it may go, else the code of its refusal. Refused calls fill no window."""
        self.calls += 1
        self.first = self.first or now
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        full = self.rps is not None and len(self._recent) >= self.rps
        crowded = self.concurrency is not None and self.in_flight >= self.concurrency
        if full or crowded:
            code = 1002 if full else 1041
            self.refused[code] += 1
            return code
        if self.rps is not None:
            self._recent.append(now)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return None

    def stats(self) -> dict[str, Any]:
        """Return all counts."""
        told = ("calls", "answered", "refused", "in_flight", "max_in_flight", "first", "last", "urgent")
        return {name: getattr(self, name) for name in told}


class Connection(asyncio.Protocol):
    """One keep-alive connection; a client asks again only once it was answered."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._held = bytearray()
        self._transport: asyncio.Transport
        self._open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._open = False

    def data_received(self, data: bytes) -> None:
        held = self._held
        held += data
        end = held.find(HEADERS_END)
        if end < 0:
            return
        length = LENGTH.search(held, 0, end)
        size = end + 4 + (int(length[1]) if length else 0)
        if len(held) >= size:
            head, body = bytes(held[:end]), bytes(held[end + 4 : size])
            del held[:size]
            self._answer(head.split(b" ", 2)[1].decode(), body)

    def _answer(self, path: str, body: bytes) -> None:
        if not path.endswith(("/chatcompletion_v2", "/chat/completions")):
            self._send(*self._house.control(path, body))
            return
        provider, now = self._house.provider, time.time()
        openai, model = path.endswith("/chat/completions"), MODEL.search(body)
        asked = (model[1].decode() if model else "", f"{provider.calls:032x}", int(now))
        if (code := provider.admit(now)) is not None:
            self._send(429 if openai else 200, refusal(code, *asked, openai=openai))
            return
        urgent = URGENT.search(body)
        name = urgent[0].decode() if urgent else None
        if name:
            provider.urgent.setdefault(name, []).append(now)
        loop = asyncio.get_running_loop()
        loop.call_later(provider.latency_s, self._finish, provider, answer(*asked), name)

    def _finish(self, provider: Provider, body: bytes, name: str | None) -> None:
        provider.in_flight -= 1
        if not self._open:
            return
        self._send(200, body)
        provider.answered += 1
        provider.last = time.time()
        if name:
            provider.urgent[name].append(provider.last)

    def _send(self, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json; charset=utf-8\r\n"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


class House:
    """Holds the provider of the moment, which a reset replaces."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def control(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer /stats and /reset."""
        if path == "/reset":
            terms = json.loads(body)
            self.provider = Provider(terms["latency_ms"] / 1000, terms.get("rps"), terms.get("concurrency"))
        if path in ("/stats", "/reset"):
            return 200, json.dumps(self.provider.stats()).encode()
        return 404, b'"404 page not found"'


def answer(model: str, request_id: str, created: int) -> bytes:
    """Return a good answer, of about 80 tokens."""
    usage = '{"total_tokens":100,"total_characters":0,"prompt_tokens":20,"completion_tokens":80}'
    message = '{"content":"' + "An answer of a usual length. " * 12 + '","role":"assistant","name":"MiniMax AI"'
    choices = '[{"finish_reason":"stop","index":0,"message":' + message + ',"audio_content":""}}]'
    return _completion((model, request_id, created), choices, usage, 0, "").encode()


def refusal(code: int, model: str, request_id: str, created: int, *, openai: bool) -> bytes:
    """Return a refusal by a limit."""
    text = MESSAGES[code]
    if openai:
        error = {"type": "rate_limit_error", "message": f"{text} ({code})", "http_code": "429"}
        return json.dumps({"type": "error", "error": error, "request_id": request_id}).encode()
    usage = '{"total_tokens":0,"total_characters":0,"prompt_tokens":0,"completion_tokens":0}'
    return _completion((model, request_id, created), "null", usage, code, text).encode()


def _completion(asked: tuple[str, str, int], choices: str, usage: str, code: int, text: str) -> str:
    model, request_id, created = asked
    return (
        f'{{"id":"{request_id}","choices":{choices},"created":{created},"model":"{model}",'
        f'"object":"chat.completion","usage":{usage},{SENSITIVITY},'
        f'"base_resp":{{"status_code":{code},"status_msg":"{text}"}}}}'
    )


async def serve(provider: Provider, port: int) -> None:
    """Serve until killed."""
    house = House(provider)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(house), "127.0.0.1", port, backlog=8192)
    print(json.dumps({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"}), flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--rps", type=int)
    parser.add_argument("--concurrency", type=int)
    options = parser.parse_args()
    provider = Provider(options.latency_ms / 1000, options.rps, options.concurrency)
    asyncio.run(serve(provider, options.port))


if __name__ == "__main__":
    main()
