"""One TCP address whose server changes behind it, as a virtual IP or a load balancer has it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BLOCK_BYTES = 65536


class MovingAddress:
    """Hands connections on to a port of this machine. Those that are open stay where they are when it moves."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="moving address", daemon=True)
        self._thread.start()
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    def move(self, port: int) -> None:
        """Lead new connections to another port."""
        self._target = port

    def close(self) -> None:
        """Break all connections off."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward, out = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        ends = {out, writer}
        self._writers |= ends
        await asyncio.gather(_pour(reader, out), _pour(onward, writer))
        self._writers -= ends


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while block := await reader.read(BLOCK_BYTES):
                writer.write(block)
                await writer.drain()
    finally:
        writer.close()


@contextmanager
def moving_address(port: int) -> Iterator[MovingAddress]:
    """An address that leads to a port at first; gone after the block."""
    address = MovingAddress(port)
    try:
        yield address
    finally:
        address.close()
