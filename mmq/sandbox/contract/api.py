"""The three chat APIs and the paths they live on."""

from __future__ import annotations

from enum import StrEnum


class Api(StrEnum):
    """Which contract a path speaks."""

    V2 = "v2"
    OPENAI = "openai"
    V1 = "v1"

    @property
    def native(self) -> bool:
        """Native paths answer errors with HTTP 200 and `base_resp`; the OpenAI path with a real status."""
        return self is not Api.OPENAI


CHAT_PATHS = {
    "/v1/text/chatcompletion_v2": Api.V2,
    "/v1/chat/completions": Api.OPENAI,
    "/v1/text/chatcompletion": Api.V1,
}
