"""The life of a job in steps, and what may be repeated when whoever takes a step is killed there by `kill -9`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """Who takes a step, and is killed at it."""

    PRODUCER = "producer"  #: a program that submits, and is started again with the same idempotency key
    WORKER = "worker"  #: the worker that feeds, claims and calls
    RECEIVER = "receiver"  #: a worker that accepts a foreign producer's message


class Moment(StrEnum):
    """When, of the statement, the message or the call that makes a step, it dies."""

    EXECUTE = "before the statement"
    BEFORE_COMMIT = "before the commit"
    AFTER_COMMIT = "after the commit"
    EVENT = "at the event"


@dataclass(frozen=True, slots=True)
class Step:
    """One place to die. `statement` is a pattern of the SQL that makes the step, where SQL makes it.

    `calls` is how many calls MiniMax has got in the end, `outcomes` what the ledger holds then, in order.
    """

    name: str
    who: Who
    text: str
    moment: Moment = Moment.EVENT
    statement: str = ""
    calls: int = 1
    outcomes: tuple[str, ...] = ("succeeded",)

    @property
    def slow(self) -> bool:
        """Whether going on takes minutes: Celery looks every 100 s for messages that nobody acknowledged."""
        return self.who is Who.RECEIVER and self.moment is Moment.BEFORE_COMMIT

    @property
    def repeated(self) -> int:
        """How many calls were made again."""
        return self.calls - 1


_INSERT = r"INSERT INTO jobs\b"
_FEED = r"UPDATE jobs SET fed_at="
_CLAIM = r"UPDATE jobs SET .*\bclaimed_at="
_BEGIN = r"INSERT INTO attempts\b"
_END = r"UPDATE attempts SET .*\bfinished_at="
_LOST = ("lost", "succeeded")
_PRODUCER, _WORKER, _RECEIVER = Who

STEPS = (
    Step("inserting", _PRODUCER, "job inserted, not committed", Moment.BEFORE_COMMIT, _INSERT),
    Step("inserted", _PRODUCER, "job committed, nobody told", Moment.AFTER_COMMIT, _INSERT),
    Step("accepting", _RECEIVER, "foreign message read, job not committed", Moment.BEFORE_COMMIT, _INSERT),
    Step("accepted", _RECEIVER, "its job committed, message not acknowledged", Moment.AFTER_COMMIT, _INSERT),
    Step("feeding", _WORKER, "marked as fed, not committed", Moment.BEFORE_COMMIT, _FEED),
    Step("fed", _WORKER, "marked as fed, message not sent", Moment.AFTER_COMMIT, _FEED),
    Step("published", _WORKER, "message sent"),
    Step("received", _WORKER, "message received and acknowledged, not claimed"),
    Step("claiming", _WORKER, "claimed, not committed", Moment.BEFORE_COMMIT, _CLAIM),
    Step("claimed", _WORKER, "claim committed", Moment.AFTER_COMMIT, _CLAIM),
    Step("granted", _WORKER, "call granted, attempt not written", Moment.EXECUTE, _BEGIN),
    Step("beginning", _WORKER, "attempt written, not committed", Moment.BEFORE_COMMIT, _BEGIN),
    Step("begun", _WORKER, "attempt committed, call not sent", Moment.AFTER_COMMIT, _BEGIN, 1, _LOST),
    Step("sent", _WORKER, "call under way", calls=2, outcomes=_LOST),
    Step("answered", _WORKER, "answer arriving", calls=2, outcomes=_LOST),
    Step("ending", _WORKER, "answer written, not committed", Moment.BEFORE_COMMIT, _END, 2, _LOST),
    Step("ended", _WORKER, "answer committed", Moment.AFTER_COMMIT, _END),
)
