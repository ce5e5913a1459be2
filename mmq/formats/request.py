"""Turns one line's fields into a chat request: OpenAI's batch form, or the short form.

Batch form: `{"custom_id", "method": "POST", "url": "/v1/chat/completions", "body": {request}}`.
Short form: `{"prompt": "..."}` with an optional `"system": "..."`, or `{"messages": [...]}`; beside it an optional
`custom_id` and any field of a request, as `model` or `temperature`. A field that is null counts as not given.
"""

from __future__ import annotations

from typing import Any

from mmq.formats.record import Draft
from worker.provider.preflight.finding import Finding
from worker.provider.quoting import quote

CHAT_URL = "/v1/chat/completions"

_BATCH_FIELDS = frozenset({"custom_id", "method", "url", "body"})

# Options of a run that people try to set line by line. Sent on, they would be ignored without a word.
_RUN_OPTIONS = ("lane", "priority", "deadline", "idempotency_key")


def draft(number: int, fields: dict[str, Any]) -> Draft:
    """Return the draft for one line in either form. What is wrong with the line is in its findings."""
    if "body" in fields or "url" in fields or "method" in fields:
        return batch_draft(number, fields)
    return short_draft(number, fields)


def batch_draft(number: int, fields: dict[str, Any]) -> Draft:
    """Return the draft for a line in batch form. A missing method or url is taken for the only one there is."""
    findings = []
    method, url, body = fields.get("method", "POST"), fields.get("url", CHAT_URL), fields.get("body")
    if method != "POST":
        findings.append(Finding("method", f"{quote(method)}: only POST can be queued", "write 'POST'"))
    if url != CHAT_URL:
        message = f"{quote(url)}: only chat completions can be queued"
        findings.append(Finding("url", message, f"write {CHAT_URL!r}"))
    if not isinstance(body, dict):
        given = f"must be an object, not {quote(body)}" if "body" in fields else "missing"
        findings.append(Finding("body", given, 'write {"model": "...", "messages": [...]}'))
    if beside := sorted(fields.keys() - _BATCH_FIELDS):
        message = f"ignored beside body: {', '.join(map(quote, beside[:5]))}"
        findings.append(Finding("line", message, "put request fields into body", fatal=False))
    request = _given(body) if isinstance(body, dict) else None
    return Draft(number, fields.get("custom_id"), request, tuple(findings))


def short_draft(number: int, fields: dict[str, Any]) -> Draft:
    """Return the draft for a line in short form; a prompt becomes one user message, after the system text if any."""
    request = _given(fields)
    custom_id = request.pop("custom_id", None)
    findings = []
    for name in _RUN_OPTIONS:
        if name in request:
            del request[name]
            message = "is set for a whole run, not for a line"
            findings.append(Finding(name, message, f"leave it out; see the option --{name.replace('_', '-')}"))
    if "prompt" not in request:
        if "messages" not in request:
            names = ", ".join(quote(name) for name in list(fields)[:5])
            message = "missing: the line has neither prompt nor messages" + (f", but {names}" if names else "")
            findings.append(Finding("prompt", message, 'write {"prompt": "..."}'))
        return Draft(number, custom_id, request, tuple(findings))
    if "messages" in request:
        findings.append(Finding("prompt", "given together with messages", "keep one of them"))
        del request["prompt"]
        return Draft(number, custom_id, request, tuple(findings))
    messages, written_as = [], []
    for name, role in (("system", "system"), ("prompt", "user")):
        if name not in request:
            continue
        text = request.pop(name)
        if isinstance(text, str):
            messages.append({"role": role, "content": text})
            written_as.append(name)
        else:
            findings.append(Finding(name, f"must be a string, not {quote(text)}"))
    if not findings:
        request["messages"] = messages
    return Draft(number, custom_id, request, tuple(findings), tuple(written_as))


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
