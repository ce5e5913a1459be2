"""A file may hold any bytes: each line of it becomes a job or a bad line with its number, and none goes unsaid."""

from __future__ import annotations

import io
import json
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mmq.formats.read import read_stream
from mmq.formats.record import BadLine, Line, Notice
from mmq.formats.source import Format
from worker.provider.account import Api
from worker.provider.catalogue import load
from worker.provider.preflight.check import MAX_FINDINGS, check

JUDGE = partial(check, api=Api.V2, catalogue=load())
DEFAULTS = {"model": "MiniMax-M2.7"}
GOOD = {
    Format.JSONL: b'{"prompt": "mark-%d", "custom_id": "id-%d"}',
    Format.CSV: b'"mark-%d",id-%d',
    Format.TXT: b"mark-%d id-%d",
}
SHARDS = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"{",
    b"}",
    b"\\",
    b" ",
    b"\xe2\x80\x8b",
]

spoilings = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 3), st.sampled_from(SHARDS) | st.binary(max_size=3)), max_size=5
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=6), below, max_size=3)
    ),
    max_leaves=12,
)
fields = st.sampled_from(["model", "messages", "prompt", "temperature", "tools", "stop", "stream", "response_format"])


def spoilt(raw: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """Return the bytes with some of them replaced."""
    for place, length, shard in changes:
        at = int(place * len(raw))
        raw = raw[:at] + shard + raw[at + length :]
    return raw


@given(st.sampled_from(Format), st.integers(1, 6), spoilings)
def test_every_line_is_a_job_or_a_bad_line(kind: Format, count: int, changes: list[tuple[float, int, bytes]]) -> None:
    """A prompt that is still in a spoilt file is in a job, or within the lines of one that is named as bad."""
    good = b"\n".join(GOOD[kind] % (number, number) for number in range(count))
    data = spoilt(b"prompt,custom_id\n" + good if kind is Format.CSV else good, changes)
    items = [*read_stream(io.BytesIO(data), kind, judge=JUDGE, defaults=DEFAULTS)]
    jobs = [item for item in items if isinstance(item, Line)]
    numbers = [item.number for item in items if not isinstance(item, Notice)]
    assert numbers == sorted(set(numbers))
    asked = " ".join(json.dumps(item.request) for item in jobs)
    # A remark on the header speaks for it: a prompt that has slipped into it is named there as a column without use.
    said = {item.number for item in items} - {item.number for item in jobs}
    headless = kind is Format.CSV and numbers == [1]  # without a prompt column nothing can be read, which is said once
    for number, line in enumerate(data.split(b"\n"), 1):
        for mark in (f"mark-{of}" for of in range(count) if b"mark-%d" % of in line):
            spoken_for = max((item.number for item in items if item.number <= number), default=None)
            assert mark in asked or spoken_for in said or headless
    assert all(item.problems and str(item).isprintable() for item in items if isinstance(item, BadLine))


@given(values | st.dictionaries(fields, values), st.sampled_from(Api))
def test_any_json_is_judged(request: Any, api: Api) -> None:
    """As a whole request, and as each field of one; what is said of it fits one line of a terminal."""
    for asked in [request] if isinstance(request, dict) else [{"messages": request}, {"model": request}]:
        findings = check(asked, api=api, catalogue=load())
        assert len(findings) <= MAX_FINDINGS
        assert all(str(finding).isprintable() and len(str(finding)) < 1000 for finding in findings)
