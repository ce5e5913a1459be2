"""What each of the three API modules provides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from worker.provider.account import Account, Api
from worker.provider.refusal import Refusal
from worker.provider.wire import openai, v1, v2
from worker.provider.wire.piece import Piece


class Dialect(Protocol):
    """One of MiniMax's chat APIs; the modules v2, openai and v1 are its implementations."""

    PATH: str  #: below the account's base URL

    def query(self, account: Account) -> dict[str, str]:
        """Return the URL's query parameters."""
        ...

    def obstacle(self, request: Mapping[str, Any], account: Account) -> Refusal | None:
        """Return why this request must not be sent at all, or None."""
        ...

    def body(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request body for a request without obstacle."""
        ...

    def read(self, frame: Mapping[str, Any]) -> Piece | None:
        """Return what a response body or a stream's frame says; None without a choice."""
        ...


_DIALECTS: dict[Api, Dialect] = {Api.V2: v2, Api.OPENAI: openai, Api.V1: v1}


def dialect_of(api: Api) -> Dialect:
    """Return the module for an API."""
    return _DIALECTS[api]
