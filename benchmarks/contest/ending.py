"""Ends in order when told to: what was started is ended, what was measured is kept."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def in_order() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C leave the block as an exception would, and end the program without a traceback."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)
