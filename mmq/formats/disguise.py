"""Telling a file that is no text at all, before each of its lines is found bad for a reason of its own."""

from __future__ import annotations

import codecs

HEAD_BYTES = 4096  # that are looked at
MOST_CONTROLS = 0.1  # of the bytes; text has none but tabs and line ends

_SAVE = "save it as UTF-8"
_KNOWN = (
    (b"PK\x03\x04", "is a zip archive, as the files of Excel and Word are", "export it as CSV in UTF-8, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "is a file of an old Excel or Word", "export it as CSV in UTF-8"),
    (b"\x1f\x8b", "is compressed by gzip", "unpack it: gunzip -c FILE | mmq run - -o OUT"),
    (b"(\xb5/\xfd", "is compressed by zstd", "unpack it: zstd -dc FILE | mmq run - -o OUT"),
    (b"PAR1", "is a Parquet file", "export it as JSON lines"),
    (b"%PDF-", "is a PDF", "write its prompts into a text file"),
    (codecs.BOM_UTF32_LE, "is in UTF-32", _SAVE),
    (codecs.BOM_UTF16_LE, "is in UTF-16", _SAVE),
    (codecs.BOM_UTF16_BE, "is in UTF-16", _SAVE),
)
_CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1b"})


def disguise(head: bytes) -> tuple[str, str] | None:
    """Return what a file is instead of text, by its first bytes, and what to do about it; None if it looks like text.

    A stray control character makes no file binary: it is for its own line to be bad.
    """
    for magic, what, remedy in _KNOWN:
        if head.startswith(magic):
            return what, remedy
    if len(head) - len(head.translate(None, _CONTROLS)) > MOST_CONTROLS * len(head):
        return "holds bytes that are no text", f"{_SAVE}, if it is text of another encoding, as UTF-16"
    return None
