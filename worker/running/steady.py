"""A clock for telling that this process stood still: stopped by a signal, or with its whole machine."""

from __future__ import annotations

import time

#: Linux's goes on while the machine is suspended; the monotonic clock of other systems may not.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady() -> float:
    """Return seconds since some moment in the past, never fewer than before."""
    return time.clock_gettime(_CLOCK)
