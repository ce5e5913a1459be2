"""MiniMax, and whatever stands between, may answer anything in any pieces: real answers, damaged and cut up."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import httpx
from hypothesis import given
from hypothesis import strategies as st

from support.minimax_calls import account, fixture
from worker.provider.account import Api, Secret
from worker.provider.classification import classify
from worker.provider.reading import Reading
from worker.provider.refusal import Refusal
from worker.provider.reply import Reply
from worker.provider.scrub import Scrub
from worker.provider.wire.dialect import dialect_of

KEY = "sk-api-0123456789abcdef"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
LONGEST_CODE = 64  # characters of the column
LARGEST_COUNT = 2**31 - 1  # of the column
FIXTURES = [
    "v1_answer.json",
    "v1_stream.sse",
    "v2_answer.json",
    "v2_refusal.json",
    "v2_stream.sse",
    "openai_refusal.json",
    "openai_stream.sse",
]
#: Where a mutation likes to go: numbers, nulls, other types, ends of frames, keys, control characters.
SHARDS = [
    b"null",
    b"1e999",
    b"-1",
    b"9" * 30,
    b"{",
    b"]",
    b'"',
    b"\\ud83d",
    b"\0",
    b"\xff",
    b"\n\n",
    b"data: ",
    b"<think>",
]

apis = st.sampled_from(Api)
statuses = st.sampled_from([200, 200, 200, 204, 301, 400, 401, 429, 500, 529, 999])
damage = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(SHARDS) | st.binary(max_size=4)), max_size=6
)
places = st.lists(st.floats(0, 1), max_size=12)


def damaged(name: str, changes: list[tuple[float, int, bytes]]) -> bytes:
    """Return a real answer, in which some bytes are replaced by others."""
    raw = fixture(name)
    for place, length, shard in changes:
        at = int(place * len(raw))
        raw = raw[:at] + shard + raw[at + length :]
    return raw


def pieces(raw: bytes, cuts: list[float]) -> list[bytes]:
    """Return the bytes, cut at some places."""
    ends = [0, *sorted(int(cut * len(raw)) for cut in cuts), len(raw)]
    return [raw[begin:end] for begin, end in itertools.pairwise(ends)]


def outcome(chunks: list[bytes], api: Api, status: int) -> Reply | Refusal:
    """Read an answer as the client does."""
    reading = Reading(dialect_of(api).read, status, httpx.Headers(), "MiniMax-M2", Scrub(Secret(KEY)))
    for chunk in chunks:
        reading.feed(chunk)
        if reading.ended:
            break
    reading.finish()
    return reading.outcome(None, NOW, None, 1.0)


@given(st.sampled_from(FIXTURES), damage, places, apis, statuses)
def test_how_an_answer_is_cut_up_never_changes_it(
    name: str, changes: list[tuple[float, int, bytes]], cuts: list[float], api: Api, status: int
) -> None:
    """In one piece or in many, whole or damaged: the same reply, or the same refusal."""
    raw = damaged(name, changes)
    assert outcome(pieces(raw, cuts), api, status) == outcome([raw], api, status)


@given(st.sampled_from(FIXTURES), damage, apis, statuses)
def test_what_is_recorded_fits_its_columns(
    name: str, changes: list[tuple[float, int, bytes]], api: Api, status: int
) -> None:
    """A number or a code that a column refused would take the answer down with it."""
    found = outcome([damaged(name, changes)], api, status)
    if isinstance(found, Refusal):
        assert len(classify(found, account(api)).code) <= LONGEST_CODE
    elif found.usage is not None:
        assert 0 <= found.usage.prompt_tokens <= LARGEST_COUNT
        assert 0 <= found.usage.completion_tokens <= LARGEST_COUNT
        assert 0 < found.usage.total_tokens <= LARGEST_COUNT


@given(st.sampled_from(FIXTURES), st.lists(st.floats(0, 1), min_size=1, max_size=4), damage, apis, statuses)
def test_an_echoed_key_is_never_recorded(
    name: str, echoes: list[float], changes: list[tuple[float, int, bytes]], api: Api, status: int
) -> None:
    """Wherever a gateway puts the key into an error: not in its message, body, request id, or a warning."""
    raw = damaged(name, changes)
    for echo in echoes:
        at = int(echo * len(raw))
        raw = raw[:at] + KEY.encode() + raw[at:]
    found = outcome([raw], api, status)
    if isinstance(found, Refusal):
        kept = [found.message, found.body, found.request_id or "", repr(found), classify(found, account(api)).remedy]
    else:
        kept = [found.request_id or "", found.warning or ""]
    assert not any(KEY in text for text in kept)
