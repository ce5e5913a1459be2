"""What a follower has heard of an answer: pure, so that any order of messages can be tried on it."""

from __future__ import annotations

from mmq.result import Result
from worker.errors import StreamBroken
from worker.streaming.message import Following, Part


class Hearing:
    """Puts the parts of one job's text together, whatever was lost, doubled or late on the way."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._attempt = 0
        self._heard: list[str] = []
        self._length = 0
        self.gap = False  #: something was lost: ask again
        self.over = False  #: the call has ended; the database knows how, or will in a moment

    @property
    def following(self) -> Following:
        """What to tell the workers: from where on the text is wanted."""
        return Following(self._job_id, self._attempt, self._length)

    def take(self, part: Part) -> str:
        """Return what a part adds, which may be nothing.

        Raises:
            StreamBroken: it is of a new attempt, and something of the last was passed on.
        """
        if part.attempt < self._attempt:
            return ""
        if part.attempt > self._attempt:
            if self._length:
                raise StreamBroken(self._job_id, self._length)
            self._attempt = part.attempt
        self.gap = part.at > self._length
        if self.gap:
            return ""
        self.over = part.over
        return self._add(part.text[self._length - part.at :])

    def rest(self, result: Result) -> str:
        """Return what the answer holds beyond what was heard.

        Raises:
            StreamBroken: it does not begin with what was heard: it is that of another attempt.
        """
        if not result.text.startswith(heard := "".join(self._heard)):
            raise StreamBroken(self._job_id, len(heard))
        return self._add(result.text[len(heard) :])

    def _add(self, text: str) -> str:
        if text:
            self._heard.append(text)
            self._length += len(text)
        return text
