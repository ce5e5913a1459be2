"""Requests that are longer than what aiohttp likes to send at once."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from support.minimax_calls import REQUEST, account, fixture
from support.raw_peer import Peer, Provider, provider
from worker.provider.client import Client
from worker.provider.transport import PIECE_BYTES, _Body

MEBIBYTE = 2**20
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


class Noting:
    """A writer that keeps what it is given, as it is given."""

    def __init__(self) -> None:
        self.pieces: list[memoryview] = []

    async def write(self, piece: memoryview) -> None:
        self.pieces.append(piece)


async def ask(prompt: str) -> Provider:
    """Ask once for an answer to so long a prompt."""
    answer = fixture("v2_answer.json")

    async def reply(peer: Peer) -> None:
        await peer.say(ANSWER % (len(answer), answer))

    async with provider(reply) as seen:
        client = Client(account(base_url=seen.base_url))
        await client.complete({**REQUEST, "messages": [{"role": "user", "content": prompt}]})
        await client.aclose()
    return seen


def test_a_prompt_of_two_mebibytes_arrives_whole_and_without_a_warning() -> None:
    """A warning is an error here."""
    prompt = "".join(f"{number:07d} " for number in range(MEBIBYTE // 4))
    [request] = asyncio.run(ask(prompt)).requests
    assert json.loads(request.partition(b"\r\n\r\n")[2])["messages"][-1]["content"] == prompt


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * MEBIBYTE])
def test_a_body_is_lent_in_pieces_and_not_copied(size: int) -> None:
    """Each piece is a view of the one body, which is said to go out once, before its first."""
    content, writer, told = b"x" * size, Noting(), []
    body = _Body(content, lambda: told.append(len(writer.pieces)))
    assert isinstance(body, aiohttp.Payload)
    assert body.size == size
    asyncio.run(body.write_with_length(writer, size))  # type: ignore[arg-type]
    assert b"".join(writer.pieces) == content
    assert all(len(piece) <= PIECE_BYTES for piece in writer.pieces)
    assert all(piece.obj is content for piece in writer.pieces)
    assert told == [0]
