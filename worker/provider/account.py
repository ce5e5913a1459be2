"""Who pays: one MiniMax credential and where it is valid."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Api(StrEnum):
    """Which of MiniMax's three chat APIs an account speaks. Moving from v1 to v2 is this one setting."""

    V2 = "v2"  #: native, `/v1/text/chatcompletion_v2`
    OPENAI = "openai"  #: OpenAI-compatible, `/v1/chat/completions`
    V1 = "v1"  #: legacy, `/v1/text/chatcompletion`, needs GroupId in the query


class Secret:
    """A string that never shows itself: not in repr, str, format, logs or tracebacks. `reveal()` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself. Call it only where a header or a URL is built."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)" if self._value else "Secret('')"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret does not leave its process")


@dataclass(frozen=True, slots=True)
class Account:
    """One MiniMax credential.

    `base_url` is the API root without a trailing slash, as `https://api.minimax.io/v1`.
    `group_id` is needed by the legacy v1 API alone.
    """

    name: str
    api: Api
    base_url: str
    key: Secret = field(repr=False)
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one call may take, in seconds. `total` bounds the whole call, streaming or not."""

    connect: float = 10.0
    first_byte: float = 300.0  #: until the response begins; a 1M-token prompt takes about 235 s
    idle: float = 60.0  #: between two reads once the response has begun; MiniMax streams sometimes never end
    total: float = 600.0
