"""How long a budget stays closed after the provider refused a call."""

from __future__ import annotations

LONGEST_S = 30.0
#: Jitter adds up to this share of the wait, so that clusters on one account do not return in step.
JITTER_SHARE = 0.2
#: Longest Retry-After believed: a wrong header must not close a budget for the night.
LONGEST_RETRY_AFTER_S = 300.0


def wait(refusals: int, retry_after: float | None = None, jitter: float = 0.0) -> float:
    """Return the seconds to wait: `min(2 ** refusals, 30)`, or Retry-After where one was sent, plus jitter.

    `refusals` counts the budget's consecutive refusals before this one: 1 s, 2 s, 4 s, 8 s, 16 s, 30 s, 30 s …
    `jitter` from 0 to 1 adds up to a fifth. `lua/refuse.lua` computes the same inside Redis.
    """
    # 2 ** 5 passes the longest wait already; a float would overflow at 2 ** 1024.
    seconds = min(2.0 ** min(refusals, 5), LONGEST_S)
    if retry_after is not None:
        seconds = min(max(retry_after, 0.0), LONGEST_RETRY_AFTER_S)
    return seconds * (1 + JITTER_SHARE * jitter)
