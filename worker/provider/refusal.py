"""What came instead of an answer, as it was seen; `classification` says what it means."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refusal:
    """The evidence of one call that brought no answer.

    `message` and `body` are MiniMax's own words, cut and scrubbed of credentials (`scrub`); they may quote the prompt.
    `cause` is the class of the network's exception, or our own reason where MiniMax gave no code: "idle_timeout",
    "truncated_stream", "html_body", "missing_group_id" and so on; every one has its row in codes.toml.
    """

    code: int | None = None  #: MiniMax's status code, never 0
    http_status: int | None = None  #: None when no response began
    message: str = ""
    request_id: str | None = None
    body: str = field(default="", repr=False)
    retry_after: float | None = None  #: seconds from the response's arrival
    cause: str | None = None
    partial_text: str = field(default="", repr=False)  #: what a stream had said before it broke; may have been paid
