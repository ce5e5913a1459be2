"""The summary of a batch."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

from mmq.report.paper import put
from mmq.report.summary import FailureGroup, Summary, rendered

SENSITIVE = FailureGroup("1026", 3, "the input was found sensitive", "change the prompt", "job-7")
SUMMARY = Summary(
    batch_id="batch-1",
    lines=205,
    answered=197,
    failed=3,
    withdrawn=0,
    open=0,
    bad_lines=5,
    before=40,
    seconds=21.2,
    calls=233,
    calls_failed=16,
    calls_late=2,
    calls_broken_off=3,
    refused_by_limits=14,
    limit_codes=["1002", "1039"],
    waited_s=400.0,
    prompt_tokens=3345,
    completion_tokens=4457,
    failures=[SENSITIVE],
    answers_file="out.jsonl",
    errors_file="out.errors.jsonl",
)


def shown(summary: Summary, again: str | None = None) -> str:
    stream = StringIO()
    put(rendered(summary, again), stream)
    return stream.getvalue()


def test_the_summary_tells_all_that_happened() -> None:
    """Counts, tokens, calls, limits and their cost, failures with meaning, remedy and example, files, what next."""
    text = shown(SUMMARY, "mmq retry batch-1, then the same command")
    for said in (
        "197 of 205 answered, 3 failed, 5 lines not run  in 21 s",
        "40 answers had come in an earlier run; not asked again",
        "3,345 in, 4,457 out",
        "14 calls refused (1002, 1039) and made again; a job waited 2.0 s for its turn, on average",
        "3  1026  the input was found sensitive",
        "change the prompt",
        "mmq show job-7",
        "answers   out.jsonl",
        "failures  out.errors.jsonl",
        "mmq retry batch-1, then the same command",
        "mmq status batch-1",
    ):
        assert said in text
    calls = "233: 197 answered, 14 refused by limits, 16 failed, 2 answered too late, 3 broken off, 1 still out"
    assert calls in " ".join(text.split())


def test_what_did_not_happen_is_not_told() -> None:
    """A run without trouble has no lines about trouble."""
    smooth = replace(
        SUMMARY, lines=197, failed=0, bad_lines=0, before=0, calls=197, calls_failed=0, calls_late=0,
        calls_broken_off=0, refused_by_limits=0, failures=[], errors_file=None,
    )  # fmt: skip
    text = shown(smooth)
    assert smooth.complete
    assert not [
        word for word in ("failed", "limits", "failures", "again", "before", "broken", "late", "out,") if word in text
    ]


def test_a_piped_summary_is_plain() -> None:
    """No escape codes, no spaces at the ends of lines."""
    text = shown(SUMMARY)
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_foreign_words_in_a_summary_are_harmless() -> None:
    """A code, a meaning or a remedy may come from outside."""
    nasty = FailureGroup("\x1b]0;x\x07", 1, "[bold]\x1b[2J", "\r", "id\x1b")
    text = shown(replace(SUMMARY, failures=[nasty]))
    assert not set(text) & {"\x1b", "\x07", "\r"}
    assert r"[bold]\x1b[2J" in text


def test_the_summary_is_json() -> None:
    """All its fields, failures included."""
    told = json.loads(json.dumps(SUMMARY.as_json()))
    assert (told["answered"], told["failures"][0]["code"]) == (197, "1026")
