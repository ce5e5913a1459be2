"""A sandbox on a thread of its own, for tests and scripts that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.server import Sandbox, serve

_T = TypeVar("_T")


class SandboxThread:
    """`with SandboxThread(config) as sandbox:` is ready when entered and gone when left.

    `base_url` is the API root. Its methods may be called from any thread but its own.
    """

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self.config = config or SandboxConfig()
        self.base_url = ""
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox", daemon=True)
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._sandbox = asyncio.run_coroutine_threadsafe(serve(self.config), self._loop).result()
        except BaseException:
            self._end()
            raise
        self.base_url, self.port = self._sandbox.base_url, self._sandbox.port
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sandbox is not None:
            asyncio.run_coroutine_threadsafe(self._sandbox.close(), self._loop).result()
        self._end()

    def stats(self) -> Mapping[str, Any]:
        """Return what GET /_sandbox/stats does."""
        return self._ask(lambda sandbox: sandbox.state.stats())

    def log(self) -> list[dict[str, Any]]:
        """Return what GET /_sandbox/log does."""
        return self._ask(lambda sandbox: [entry.as_json() for entry in sandbox.state.log.entries])

    def prompts(self) -> dict[str, dict[str, Any]]:
        """Return what GET /_sandbox/prompts does, by digest."""
        return self._ask(lambda sandbox: {row["digest"]: row for row in sandbox.state.log.tallies()})

    def set_limits(self, account: str | None = None, model: str | None = None, **limits: Any) -> None:
        """Do what POST /_sandbox/limits does."""
        self._ask(lambda sandbox: sandbox.state.set_limits(account, model, **limits))

    def reset(self) -> None:
        """Do what POST /_sandbox/reset does."""
        self._ask(lambda sandbox: sandbox.state.reset())

    def _ask(self, question: Callable[[Sandbox], _T]) -> _T:
        sandbox = self._sandbox
        if sandbox is None:
            raise RuntimeError("the sandbox runs only inside its with block")

        async def answer() -> _T:
            return question(sandbox)

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result()

    def _end(self) -> None:
        self._sandbox = None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
