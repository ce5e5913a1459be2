"""Files that are no text."""

from __future__ import annotations

import gzip

import pytest

from mmq.formats.disguise import disguise


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"PK\x03\x04\x14\x00", "Excel"),
        (gzip.compress(b'{"prompt": "hi"}', mtime=0), "gzip"),
        ("prompt\nhi\n".encode("utf-16"), "UTF-16"),
        ("prompt\nhi\n".encode("utf-16-le"), "no text"),
        ("prompt\nhi\n".encode("utf-32"), "UTF-32"),
        (bytes(range(256)), "no text"),
        (b"%PDF-1.7\n", "PDF"),
    ],
)
def test_what_is_no_text_is_told_by_its_first_bytes(head: bytes, word: str) -> None:
    """With what it is, and so what to do."""
    found = disguise(head)
    assert found is not None
    assert word in found[0]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"prompt\n",
        "\ufeffprompt\r\n杭州\r\n".encode(),
        "prompt\ncafé, naïve, straße\n".encode("latin-1"),
        b"one prompt with a stray \x00 in its midst, as a copy from a PDF may have\n",
        b'{"prompt": "\x1b[31m"}\n' * 9,
        "Привет, как дела?\n".encode() * 99,
    ],
)
def test_text_is_not_taken_for_anything_else(head: bytes) -> None:
    """Of any script, with a byte order mark, with some lines that are bad for themselves, or with nothing in it."""
    assert disguise(head) is None
