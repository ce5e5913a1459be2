"""Every way in which this MiniMax can misbehave on demand: one row a behaviour.

A *fault* spoils the answer: no careful client can take it for one. A *quirk* only bends its form: a careful client
still gets the whole answer. At most one fault strikes a call; quirks add up.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from mmq.sandbox.contract.codes import CODES


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`code` is the status code a fault speaks of, unless the prompt names another."""

    name: str
    description: str
    code: int | None = None


FAULTS = {
    fault.name: fault
    for fault in (
        Behaviour("json_instead_of_sse", "HTTP 200 and a JSON base_resp where a stream was asked for", 1002),
        Behaviour("error_frame_first", "a stream whose only frame is a base_resp with choices null", 2056),
        Behaviour("error_mid_stream", "a stream that breaks off with an error object", 2064),
        Behaviour("base_resp_mid_stream", "a stream that breaks off with a base_resp and no delta", 1002),
        Behaviour("output_cut", "the answer is found sensitive half-way and cut", 1027),
        Behaviour("hang", "the stream opens and nothing ever comes; without streaming, no response at all"),
        Behaviour("stall", "half of the answer, then silence that never ends"),
        Behaviour("early_close", "half of the answer, then the connection is closed"),
        Behaviour("no_finish", "the answer ends in good order but without a finish_reason"),
        Behaviour("disconnect", "the connection is closed without a response"),
        Behaviour("reset", "the connection is reset (RST) without a response"),
        Behaviour("reset_mid_stream", "half of the answer, then the connection is reset (RST)"),
        Behaviour("truncated_json", "the JSON breaks off in the middle, the HTTP message is whole"),
        Behaviour("not_an_object", "the body, or the only frame, is JSON but no object"),
        Behaviour("html_502", "HTTP 502 with a proxy's HTML page"),
        Behaviour("html_200", "HTTP 200 with an HTML page"),
        Behaviour("non_utf8", "bytes in the answer that are not UTF-8"),
        Behaviour("empty_body", "HTTP 200 and no body; a stream without a frame"),
        Behaviour("choices_null", "status_code 0, yet choices is null"),
        Behaviour("choices_empty", "status_code 0, yet choices is []"),
        Behaviour("empty_answer", "reasoning ate max_tokens: empty content, finish_reason length"),
        Behaviour("redirect", "HTTP 307 to another path"),
    )
}

QUIRKS = {
    quirk.name: quirk
    for quirk in (
        Behaviour("done_sent", "the stream ends with data: [DONE]"),
        Behaviour("pings", "comment lines (: ping) between frames"),
        Behaviour("crlf", "lines of the stream end in CR LF"),
        Behaviour("split_bytes", "the stream comes in slices of 7 bytes, cutting lines and characters"),
        Behaviour("coarse_chunks", "deltas of about 125 characters"),
        Behaviour("cumulative_deltas", "each delta repeats the text so far"),
        Behaviour("role_empty", 'delta.role is ""'),
        Behaviour("duplicate_finish", "finish_reason comes on two chunks in a row"),
        Behaviour("full_frame", "the stream ends with a frame of the full text, whatever the model"),
        Behaviour("no_full_frame", "no frame of the full text, whatever the model"),
        Behaviour("json_answer", "the whole answer as JSON though a stream was asked for"),
        Behaviour("split_think", "reasoning inside content, its <think> tags cut across chunks"),
        Behaviour("think_opener_only", "reasoning inside content, <think> is never closed"),
        Behaviour("think_closer_only", "reasoning inside content, </think> without its opener"),
        Behaviour("usage_zero", "usage is there and all zero"),
        Behaviour("usage_missing", "no usage at all"),
        Behaviour("base_resp_missing", "no base_resp in a good answer"),
        Behaviour("warning_status_msg", "status_code 0 with a warning for status_msg"),
        Behaviour("string_status_code", "status_code is a string"),
        Behaviour("model_substituted", "another model answers, and the echo says so; unknown models too"),
        Behaviour("huge_body", "an answer of several megabytes"),
        Behaviour("text_plain", "the JSON is labelled text/plain"),
        Behaviour("slow_headers", "the response begins seconds late"),
        Behaviour("connection_close", "the connection is not kept alive"),
        Behaviour("retry_after", "refusals carry Retry-After"),
        Behaviour("native_http_status", "refusals of the native paths carry the real HTTP status"),
        Behaviour("openai_base_resp", "refusals of the OpenAI path are HTTP 200 with base_resp"),
    )
}


def listing() -> Iterator[tuple[str, str, str]]:
    """Yield `(kind, name, description)` of everything a marker or a rate can name; kind is code, fault or quirk."""
    yield from (("code", str(row.code), row.description) for row in CODES.values())
    yield from (("fault", row.name, row.description) for row in FAULTS.values())
    yield from (("quirk", row.name, row.description) for row in QUIRKS.values())


def complaint(name: str) -> str | None:
    """Return what is wrong with a behaviour's name, or None. Any number is a code, also one MiniMax does not have."""
    if name.isdecimal() or name in FAULTS or name in QUIRKS:
        return None
    near = difflib.get_close_matches(name, [*FAULTS, *QUIRKS], 1)
    return f"unknown behaviour {name!r}" + (f", did you mean {near[0]!r}" if near else "")
