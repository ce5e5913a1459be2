from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.provider.wire.sse import FrameTooLarge, SseDecoder


def frames(*chunks: bytes, limit: int = 1000) -> list[str]:
    decoder = SseDecoder(limit)
    return [frame for chunk in chunks for frame in decoder.feed(chunk)] + decoder.finish()


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([b'data: {"a": 1}\n\ndata: {"b": 2}\n\n'], ['{"a": 1}', '{"b": 2}']),
        ([b"data: a\r\n\r\ndata: b\r\n\r\n"], ["a", "b"]),
        ([b"data: a\r", b"\n\r", b"\ndata: b"], ["a", "b"]),
        ([b"data: a\ndata: b\n"], ["a", "b"]),
        ([b": ping\n\ndata: a\n\n: ping\n\n"], ["a"]),
        ([b"event: message\nid: 7\nretry: 10\ndata: a\n\n"], ["a"]),
        ([b"\xef\xbb\xbfdata: a\n\n"], ["a"]),
        ([b"\xef\xbb", b"\xbfdata: a\n\n"], ["a"]),
        ([b"data:a\n\ndata:  b \n\n"], ["a", "b"]),
        ([b"data: a\n\ndata: b"], ["a", "b"]),
        ([b"data: \xe6\x8e", b"\x92\n", b"\n"], ["\u6392"]),
        ([b"data\n\ndata:\n\ndata: \n\n"], []),
        ([b"", b"\n\n", b""], []),
    ],
)
def test_frames_are_found_however_they_are_written(chunks: list[bytes], expected: list[str]) -> None:
    """Line ends, v1's single newlines, comments, other fields, BOM, missing space, missing last newline."""
    assert frames(*chunks) == expected


def test_bytes_that_are_not_utf8_are_replaced_and_noted() -> None:
    """One bad byte costs a character, not the answer, and does not pass unseen."""
    decoder = SseDecoder()
    assert decoder.feed(b"data: caf\xe9\n") == ["caf\ufffd"]
    assert decoder.replaced


def test_a_frame_that_never_ends_is_refused() -> None:
    """Memory is bounded by the limit, not by the server."""
    with pytest.raises(FrameTooLarge, match="100 bytes"):
        frames(*[b"data: " + b"x" * 20] * 10, limit=100)


def test_many_frames_may_exceed_the_limit_of_one() -> None:
    """The limit is a frame's, not the stream's."""
    assert len(frames(*[b"data: " + b"x" * 20 + b"\n"] * 10, limit=100)) == 10


@given(
    st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), min_size=1)),
    st.lists(st.integers(0, 400)),
    st.sampled_from([b"\n", b"\n\n", b"\r\n\r\n"]),
)
def test_cuts_do_not_matter(texts: list[str], cuts: list[int], end: bytes) -> None:
    """However the reads cut the stream, the frames are those of the stream in one piece."""
    whole = b"".join(b"data: " + text.encode() + end for text in texts)
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[a:b] for a, b in itertools.pairwise(places)]
    assert frames(*pieces, limit=10**6) == [bare for text in texts if (bare := text.strip(" "))]
