"""How long before its moment a call of this process is to be granted."""

from __future__ import annotations

#: A process whose database takes longer than this between a grant and its call is late, and slow anyhow.
LONGEST_S = 0.5
SPARE = 1.2
#: What remains of the last lead at the next call: after 14 calls a slow commit is half forgotten, after 45 wholly.
REMAINS = 0.95


class Lead:
    """Follows what passes between a grant and the readiness for its call: up at once, down by and by.

    Were a commit to take longer than the lead each time, each call would be late and the schedule put off for it.
    """

    def __init__(self, least_s: float) -> None:
        self._least_s = least_s
        self.seconds = least_s  #: from `least_s`, as the policy has it, to half a second

    def took(self, seconds: float) -> None:
        """Take note that a granted call was ready to be sent after so long."""
        self.seconds = max(self._least_s, self.seconds * REMAINS, min(seconds * SPARE, LONGEST_S))
