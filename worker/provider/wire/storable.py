"""Make text of any origin storable."""

from __future__ import annotations


def storable(text: str) -> str:
    """Join split surrogate pairs, and put U+FFFD for lone ones and NUL: UTF-8 and PostgreSQL can hold neither.

    JSON may escape half a pair, and streams cut an emoji between two frames.
    """
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "\ufffd") if "\0" in text else text
