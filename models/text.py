"""Text from outside, made fit for every database."""

from __future__ import annotations


def storable(text: str) -> str:
    """Return the text with what no UTF-8 column can hold (NUL on PostgreSQL, lone surrogates) shown as U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
