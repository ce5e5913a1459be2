"""Builds the lines of the results file and of the errors file, in OpenAI's batch form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from mmq.formats.record import BadLine


def answered_line(
    job_id: str, custom_id: str | None, *, request_id: str | None, body: dict[str, Any], status_code: int = 200
) -> dict[str, Any]:
    """Return the line of a job that was answered; `body` is the chat completion."""
    response = {"status_code": status_code, "request_id": request_id, "body": body}
    return {"id": job_id, "custom_id": custom_id, "response": response, "error": None}


def failed_line(
    job_id: str,
    custom_id: str | None,
    *,
    code: str,
    message: str,
    remedy: str = "",
    status_code: int | None = None,
    request_id: str | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    """Return the line of a job that failed for good.

    `code` is MiniMax's, as "1027", or ours, as "connect_timeout". `body` is the raw error body, shown as JSON where it
    is JSON. The response is null if MiniMax never answered.
    """
    response = None
    if status_code is not None or request_id is not None or body is not None:
        response = {"status_code": status_code, "request_id": request_id, "body": _parsed(body)}
    error = {"code": code, "message": message} | ({"remedy": remedy} if remedy else {})
    return {"id": job_id, "custom_id": custom_id, "response": response, "error": error}


def bad_line_line(bad: BadLine) -> dict[str, Any]:
    """Return the line of an input line that never became a job, with its number and every reason."""
    problems = [
        {"field": problem.field, "message": problem.message, "remedy": problem.remedy} for problem in bad.problems
    ]
    error = {"code": "invalid_request", "message": bad.reasons, "problems": problems}
    return {"id": None, "custom_id": bad.custom_id, "line": bad.number, "response": None, "error": error}


def errors_path(output: str) -> str:
    """Return where failures go unless told otherwise: `out.errors.jsonl` for `out.jsonl`, and for `out`."""
    path = Path(output)
    stem = path.stem if path.suffix in (".jsonl", ".ndjson", ".json") else path.name
    return str(path.with_name(f"{stem}.errors.jsonl"))


def _parsed(body: str | None) -> Any:
    """Return a body as JSON, or as it is: cut off, HTML, or with numbers that JSON lacks."""
    if body is None:
        return None
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return body


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)
