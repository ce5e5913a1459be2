"""Saying that trouble is over. That there is some is shown by the progress, as long as it lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from mmq.report.words import duration


class News:
    """Remembers what is amiss, and says once of each that it has passed, and how long it took."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._since: dict[str, float] = {}

    def see(self, amiss: Collection[str]) -> None:
        """Take note of what is amiss now: for each what to say when it has passed, as `Redis is back`."""
        now = self._clock()
        for passed in [words for words in self._since if words not in amiss]:
            self._say(f"mmq: {passed}, after {duration(now - self._since.pop(passed))}")
        for words in amiss:
            self._since.setdefault(words, now)
