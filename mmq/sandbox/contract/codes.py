"""MiniMax's status codes as its servers answer them: one row a code.

Source: the error code table (platform.minimax.io/docs/api-reference/errorcode), messages and HTTP statuses from
recorded answers. Where no status was ever recorded (1001, 1013, 1024, 1028, 1030, 1041, 1042, 2044) it is that of
the nearest recorded kin.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One refusal: `message` is MiniMax's text, `http` and `kind` the status and error type of the OpenAI path."""

    code: int
    message: str
    http: int
    kind: str
    description: str


_TABLE = (
    Code(1000, "unknown error, 520", 500, "server_error", "unknown error"),
    Code(1001, "request timeout", 500, "server_error", "MiniMax timed out inside"),
    Code(1002, "rate limit exceeded(RPM)", 429, "rate_limit_error", "too many requests a minute"),
    Code(1004, "authentication failed", 401, "authorized_error", "no credential, or token and group differ"),
    Code(1008, "insufficient balance", 402, "insufficient_balance_error", "no money left on the account"),
    Code(1013, "internal service error", 500, "server_error", "internal service error"),
    Code(1024, "internal error", 500, "server_error", "internal error"),
    Code(1026, "input new_sensitive", 422, "unprocessable_entity_error", "the prompt was found sensitive"),
    Code(1027, "output new_sensitive", 422, "unprocessable_entity_error", "the answer was found sensitive"),
    Code(1028, "quota exhausted", 429, "rate_limit_error", "quota of the plan used up"),
    Code(1030, "quota exhausted", 429, "rate_limit_error", "quota of the plan used up, second form"),
    Code(1033, "system error", 500, "server_error", "a system behind MiniMax failed"),
    Code(1039, "rate limit exceeded(TPM)", 429, "rate_limit_error", "too many tokens a minute"),
    Code(1041, "conn limit exceeded", 429, "rate_limit_error", "too many calls at once"),
    Code(1042, "invisible character ratio limit", 400, "bad_request_error", "over 10 % invisible characters"),
    Code(2013, "invalid params", 400, "bad_request_error", "the request is wrong"),
    Code(2044, "no permission for this api", 403, "authorized_error", "the key may not use this API"),
    Code(2045, "rate growth limit", 429, "rate_limit_error", "the request rate rose too fast"),
    Code(2049, "invalid api key", 401, "authorized_error", "unknown or deleted key, or another region's"),
    Code(2056, "usage limit exceeded", 429, "rate_limit_error", "five-hour window of a token plan used up"),
    Code(2061, "your current token plan not support model", 500, "server_error", "the plan lacks the model"),
    Code(2062, "token plan rate limit", 429, "rate_limit_error", "rate limit of a token plan"),
    Code(2064, "the server cluster is under high load", 500, "server_error", "the cluster is overloaded"),
)

CODES = {row.code: row for row in _TABLE}


class Refused(Exception):
    """The request will not be answered: MiniMax's code and the text it gives, raised wherever that is found out.

    `http` overrides the status of the path and code; `bare` leaves out the skeleton around `base_resp`;
    `wait_s` is what a Retry-After would say.
    """

    def __init__(
        self,
        code: int,
        message: str | None = None,
        *,
        http: int | None = None,
        bare: bool = False,
        wait_s: float = 0.0,
    ) -> None:
        row = code_row(code)
        self.row = row
        self.code = code
        self.message = message or row.message
        self.http = http
        self.bare = bare
        self.wait_s = wait_s
        super().__init__(f"{self.message} ({code})")


def code_row(code: int) -> Code:
    """Return the row of a code; one that MiniMax never published answers as a server error."""
    return CODES.get(code) or Code(code, "unknown status", 500, "server_error", "not in MiniMax's table")
