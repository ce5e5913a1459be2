"""What followers of an answer and the worker that is getting it tell each other, by Redis' publish and subscribe.

Nothing of it is kept, and nothing of it is the truth: SQL holds the answer. A message may be lost, doubled or late; who
follows says where the text it has ends, and is told on from there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self

FOLLOW_CHANNEL = "mmq:follow"  #: to all workers, from those who follow
ASK_EVERY_S = 2.0  #: who follows says so again so often
UNHEARD_S = 0.2  #: and sooner while no worker hears it: they have just begun, or Redis has
FOLLOWED_S = 3 * ASK_EVERY_S  #: and is taken to be gone after so long
LONGEST_FOLLOWING = 1000  #: characters; followers are remembered, and must not fill the memory
#: What reading it may raise: JSON knows an Infinity, which is no int, and may be nested as deep as anybody likes.
GARBAGE = (ValueError, TypeError, KeyError, OverflowError, RecursionError)


def text_channel(job_id: str) -> str:
    """Return the channel on which a job's text is told."""
    return f"mmq:text:{job_id}"


@dataclass(frozen=True, slots=True)
class Following:
    """Somebody wants to hear a job's text, of this attempt from this character on; of another from its beginning."""

    job_id: str
    attempt: int = 0
    at: int = 0

    @property
    def json(self) -> str:
        """The message."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, message: str | bytes) -> Self | None:
        """Return what a message says; None if it is none of ours."""
        try:
            if len(message) > LONGEST_FOLLOWING:
                return None
            found = json.loads(message)
            return cls(str(found["job_id"]), int(found["attempt"]), max(0, int(found["at"])))
        except GARBAGE:
            return None


@dataclass(frozen=True, slots=True)
class Part:
    """Text of an attempt's answer, from the character `at` on. `over`: that was its last, however it ended."""

    attempt: int
    at: int
    text: str
    over: bool = False

    @property
    def json(self) -> str:
        """The message."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, message: str | bytes) -> Self | None:
        """Return what a message says; None if it is none of ours."""
        try:
            found = json.loads(message)
            return cls(int(found["attempt"]), int(found["at"]), str(found["text"]), bool(found["over"]))
        except GARBAGE:
            return None
