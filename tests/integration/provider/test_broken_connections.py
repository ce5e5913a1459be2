"""What only real sockets show: how the stack reports a peer that refuses, resets, stalls or leaves early."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from support.minimax_calls import REQUEST, account, fixture
from support.raw_peer import Peer, Provider, chunk, provider
from worker.errors import CallFailed
from worker.provider.account import Timeouts
from worker.provider.client import Client
from worker.provider.reply import Reply

STREAMED = {**REQUEST, "stream": True}
PATIENT = Timeouts(connect=30.0, first_byte=30.0, idle=30.0, total=60.0)
#: For peers that fall silent; another failure must be told apart from a machine that is slow.
QUICK = {
    "first_byte_timeout": replace(PATIENT, first_byte=0.3),
    "idle_timeout": replace(PATIENT, idle=0.3),
}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"Once"}}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{"content":"Once"},"finish_reason":"stop"}]}\n\n'


def ask(
    script: Callable[[Peer], Awaitable[Any]],
    request: dict[str, Any] = STREAMED,
    timeouts: Timeouts = PATIENT,
    times: int = 1,
    host: str = "127.0.0.1",
) -> tuple[list[Reply | CallFailed], Provider]:
    async def run() -> tuple[list[Reply | CallFailed], Provider]:
        outcomes: list[Reply | CallFailed] = []
        async with provider(script, host) as seen:
            client = Client(account(base_url=seen.base_url), timeouts)
            for _ in range(times):
                try:
                    outcomes.append(await client.complete(request))
                except CallFailed as exc:
                    outcomes.append(exc)
            await client.aclose()
        return outcomes, seen

    return asyncio.run(run())


async def reset_at_once(peer: Peer) -> None:
    peer.reset()


async def close_at_once(peer: Peer) -> None:
    peer.writer.close()


async def nonsense(peer: Peer) -> None:
    await peer.say(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    peer.writer.close()


async def stall_at_once(peer: Peer) -> None:
    await peer.stall()


async def stall_after_headers(peer: Peer) -> None:
    await peer.say(CHUNKED)
    await peer.stall()


async def stall_in_stream(peer: Peer) -> None:
    await peer.say(CHUNKED + chunk(WORD))
    await peer.stall()


async def reset_in_stream(peer: Peer) -> None:
    await peer.say(CHUNKED + chunk(WORD))
    peer.reset()


async def close_in_chunk(peer: Peer) -> None:
    await peer.say(CHUNKED + chunk(WORD) + b"fff\r\ndata: {")
    peer.writer.close()


async def end_without_finish(peer: Peer) -> None:
    await peer.say(CHUNKED + chunk(WORD) + chunk(b""))


async def close_in_counted_body(peer: Peer) -> None:
    await peer.say(b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"choices": [')
    peer.writer.close()


async def ping_for_ever(peer: Peer) -> None:
    await peer.say(CHUNKED)
    while not peer.writer.transport.is_closing():
        await peer.say(chunk(b": ping\n\n"))
        await asyncio.sleep(0.05)  # the pace of the pings; nothing waits for it


@pytest.mark.parametrize(
    ("script", "code", "partial", "ambiguous"),
    [
        (reset_at_once, "connection_reset", "", True),
        (close_at_once, "disconnected", "", True),
        (nonsense, "protocol_error", "", True),
        (stall_at_once, "first_byte_timeout", "", True),
        (stall_after_headers, "first_byte_timeout", "", True),
        (stall_in_stream, "idle_timeout", "Once", True),
        (end_without_finish, "truncated_stream", "Once", True),
        (close_in_chunk, "truncated_body", "Once", True),
        (close_in_counted_body, "truncated_body", "", True),
    ],
)
def test_a_peer_that_fails_is_told_apart(
    script: Callable[[Peer], Awaitable[Any]], code: str, partial: str, ambiguous: bool
) -> None:
    """Each by its own code, with what was said, and with the doubt whether it was paid."""
    [failure], _ = ask(script, timeouts=QUICK.get(code, PATIENT))
    assert isinstance(failure, CallFailed)
    assert (failure.verdict.code, failure.refusal.partial_text) == (code, partial)
    assert failure.verdict.ambiguous is ambiguous


def test_a_reset_in_mid_stream_keeps_what_was_said() -> None:
    """The reset may reach us as a reset or as a cut body; either way it is worth a retry and may have been paid."""
    [failure], _ = ask(reset_in_stream)
    assert isinstance(failure, CallFailed)
    assert failure.verdict.code in {"connection_reset", "truncated_body"}
    assert failure.verdict.ambiguous


def test_pings_keep_a_call_alive_until_its_total_limit() -> None:
    """The idle limit counts reads, and the total one cannot be put off."""
    [failure], _ = ask(ping_for_ever, timeouts=Timeouts(connect=2.0, first_byte=5.0, idle=5.0, total=0.5))
    assert isinstance(failure, CallFailed)
    assert failure.verdict.code == "total_timeout"


def test_a_refused_connection_was_never_paid() -> None:
    """The adapter calls it a timeout; aiohttp's own name is the right one."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused

        async def run() -> CallFailed:
            client = Client(account(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1"), PATIENT)
            with pytest.raises(CallFailed) as failed:
                await client.complete(REQUEST)
            await client.aclose()
            return failed.value

        failure = asyncio.run(run())
    assert failure.verdict.code == "connect_error"
    assert not failure.verdict.ambiguous


def test_a_connection_that_is_not_accepted_times_out() -> None:
    """A full backlog drops the SYN, as a firewall does."""
    with closing(socket.socket()) as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())

        async def run() -> CallFailed:
            limits = Timeouts(connect=0.3, first_byte=30.0, idle=30.0, total=30.0)
            client = Client(account(base_url=f"http://127.0.0.1:{full.getsockname()[1]}/v1"), limits)
            with pytest.raises(CallFailed) as failed:
                await client.complete(REQUEST)
            await client.aclose()
            return failed.value

        failure = asyncio.run(run())
        for filler in fillers:
            filler.close()
    assert failure.verdict.code == "connect_timeout"
    assert not failure.verdict.ambiguous


def test_a_stream_that_never_ends_after_its_last_word_is_an_answer() -> None:
    """MiniMax leaves streams open at times; what was asked for is there."""

    async def script(peer: Peer) -> None:
        await peer.say(CHUNKED + chunk(LAST))
        await peer.stall()

    # Were the tail waited for as any read is, the total limit would be what ends it.
    [reply], _ = ask(script, timeouts=Timeouts(connect=2.0, first_byte=30.0, idle=30.0, total=10.0))
    assert isinstance(reply, Reply)
    assert (reply.text, reply.warning) == ("Once", "the connection ended after the last word: idle_timeout")


def test_connections_are_kept_and_carry_no_cookies() -> None:
    """Three calls, one connection; a load balancer's cookie is not sent back."""
    body = fixture("v2_answer.json")

    async def script(peer: Peer) -> None:
        head = f"HTTP/1.1 200 OK\r\nSet-Cookie: lb=1; Path=/\r\nContent-Length: {len(body)}\r\n\r\n"
        await peer.say(head.encode() + body)

    # By name, because no client keeps cookies of a bare address.
    replies, seen = ask(script, REQUEST, times=3, host="localhost")
    assert [type(reply) for reply in replies] == [Reply] * 3
    assert seen.connections == 1
    assert not any(b"cookie" in request.lower() for request in seen.requests)


def test_a_redirect_is_not_followed() -> None:
    """The key stays where it was sent."""

    async def script(peer: Peer) -> None:
        location = b"Location: /v1/elsewhere\r\n"
        await peer.say(b"HTTP/1.1 307 Temporary Redirect\r\n" + location + b"Content-Length: 0\r\n\r\n")

    [failure], seen = ask(script)
    assert isinstance(failure, CallFailed)
    assert failure.verdict.code == "http_307"
    assert len(seen.requests) == 1


def test_a_cancelled_call_closes_its_connection() -> None:
    """A job that is cancelled stops costing tokens."""

    async def run() -> None:
        arrived, left = asyncio.Event(), asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.say(CHUNKED + chunk(WORD))
            arrived.set()
            await peer.stall()
            left.set()

        async with provider(script) as seen:
            client = Client(account(base_url=seen.base_url), Timeouts())
            call = asyncio.create_task(client.complete(STREAMED))
            await arrived.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.wait_for(left.wait(), 10)
            await client.aclose()

    asyncio.run(run())
