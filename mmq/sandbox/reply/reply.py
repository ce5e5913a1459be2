"""What goes over the wire for one call, decided before any of it is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

JSON_TYPE = "application/json; charset=utf-8"
SSE_TYPE = "text/event-stream"
HTML_TYPE = "text/html"

# MiniMax's servers write UTF-8, not \u escapes.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Ending(StrEnum):
    """How a response ends."""

    CLEAN = "clean"  #: as HTTP says
    CLOSE = "close"  #: the connection is closed first
    RESET = "reset"  #: the connection is reset first
    SILENCE = "silence"  #: nothing more comes, ever


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. One that is not streamed, holds nothing and does not end clean never gets its headers either.

    `declared_bytes` is a Content-Length longer than what comes; `scattered` sends each chunk by itself though there is
    no pace to keep.
    """

    chunks: tuple[bytes, ...]
    status: int = 200
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()
    streamed: bool = False
    scattered: bool = False
    ending: Ending = Ending.CLEAN
    declared_bytes: int | None = None


def json_bytes(value: object) -> bytes:
    """Encode as compact UTF-8 JSON. A lone surrogate, echoed from a request, becomes `?`."""
    return _encode(value).encode("utf-8", "replace")
