"""Ids and ranks: unique, ordered by time, made without asking anybody."""

from __future__ import annotations

import os
import threading
import time

_lock = threading.Lock()
_last_rank = 0


def new_id() -> str:
    """Return a UUID version 7 as text: 48 bits of milliseconds, then random bits. Sorts by time: compact indexes.

    Source: RFC 9562, section 5.7.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def next_ranks(count: int) -> range:
    """Return `count` ascending ranks in microseconds since 1970, above all that this process gave before."""
    global _last_rank  # noqa: PLW0603
    with _lock:
        start = max(time.time_ns() // 1_000, _last_rank + 1)
        _last_rank = start + count - 1
        return range(start, start + count)
