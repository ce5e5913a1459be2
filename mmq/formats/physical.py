"""Cuts a byte stream into numbered lines and decodes them, holding one line at a time."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from mmq.formats.record import BadLine, bad_line

# The longest prompt there is, a million tokens of Chinese with every character escaped, takes 9.3 MB.
MAX_LINE_BYTES = 16 * 1024 * 1024

_CHUNK_BYTES = 64 * 1024


def physical_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield `(number, line)` with the line's end still on it, numbers from 1, without a byte order mark at the start.

    None stands for a line of more than `MAX_LINE_BYTES`, which is passed over without being held in memory.
    """
    number = 0
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
            while (rest := stream.readline(_CHUNK_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        elif number == 1:
            yield number, raw.removeprefix(codecs.BOM_UTF8)
        else:
            yield number, raw


def decoded_lines(stream: BinaryIO) -> Iterator[tuple[int, str] | BadLine]:
    """Yield `(number, text)` for each line that is not blank, without its line end, or why it cannot be read."""
    for number, raw in physical_lines(stream):
        if raw is None:
            yield overlong(number)
            continue
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"not UTF-8: byte 0x{raw[error.start]:02X} at byte {error.start + 1} of the line"
            yield bad_line(number, "line", message, encoding_remedy(raw))
            continue
        if not text.isspace() and text:
            yield number, text.rstrip("\r\n")


def overlong(number: int) -> BadLine:
    """Return the verdict on a line over the limit."""
    message = f"longer than {MAX_LINE_BYTES:,} bytes, which no model's context holds"
    return bad_line(number, "line", message, "split it")


def encoding_remedy(raw: bytes) -> str:
    """Return how to mend bytes that are not UTF-8."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "the file looks like UTF-16: save it as UTF-8"
    return "save the file as UTF-8"
