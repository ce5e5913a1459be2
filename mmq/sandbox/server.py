"""Starts and stops a sandbox."""

from __future__ import annotations

import asyncio
import resource
import signal
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.routes import router
from mmq.sandbox.state import State

# A prompt of a million tokens is about 4 MB; the rest is room for JSON's escapes.
_MAX_BODY_BYTES = 64 * 1024 * 1024
_BACKLOG = 4096
# Hanging streams never end by themselves: whoever closes the sandbox does not wait for them.
_CLOSE_S = 0.05


class Sandbox:
    """A running sandbox. `base_url` is the API root, as `http://127.0.0.1:8000/v1`; `state` what it counts."""

    def __init__(self, state: State, runner: web.ServerRunner, port: int) -> None:
        self.state = state
        self.port = port
        self.base_url = f"http://{state.config.host}:{port}/v1"
        self._runner = runner

    async def close(self) -> None:
        """Stop listening and drop every connection, calls in flight included."""
        await self._runner.cleanup()


async def serve(config: SandboxConfig) -> Sandbox:
    """Start a sandbox on the running loop. Port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """
    state = State(config)
    loop = asyncio.get_running_loop()
    # Without an Application: its router and middlewares cost more than an answer does.
    server = web.Server(router(state), request_factory=_requests(loop), handler_cancellation=True, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=_CLOSE_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.host, config.port, backlog=_BACKLOG)
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    return Sandbox(state, runner, runner.addresses[0][1])


def run(config: SandboxConfig, on_ready: Callable[[Sandbox], None]) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` is called once requests are taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_run(config, on_ready))


async def _run(config: SandboxConfig, on_ready: Callable[[Sandbox], None]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    sandbox = await serve(config)
    try:
        on_ready(sandbox)
        await stop.wait()
    finally:
        await sandbox.close()


def _requests(loop: AbstractEventLoop) -> Callable[..., web.BaseRequest]:
    def make(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: Task[None],
    ) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_MAX_BODY_BYTES)

    return make
