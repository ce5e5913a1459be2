"""Every error that this project raises, in one tree: each leaf names what happened, each branch what to do about it.

MmqError
├── ConfigurationError     mend the settings; lists every problem at once
├── InvalidRequest         mend the input; it never reached the queue
├── CallFailed             one call to MiniMax brought no answer; its verdict says what follows
├── Unavailable            a service of ours (Redis, the database) is away; wait
├── QueueFull              a lane holds as many queued jobs as it may; come again later
├── StreamBroken           what was heard of an answer is not what became of it; wait for the answer, or follow anew
└── NotFound               no such job or batch
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # errors are imported by everybody, and import nobody
    from worker.provider.classification import Verdict
    from worker.provider.refusal import Refusal


class MmqError(Exception):
    """Base of every error raised on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what somebody gave us, and how to mend it."""

    field: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" + (f" ({self.remedy})" if self.remedy else "")


class ConfigurationError(MmqError):
    """The settings cannot be used. `problems` lists all of them, not the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class InvalidRequest(MmqError):
    """A generation request was refused before it was enqueued. `problems` lists why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class CallFailed(MmqError):
    """One call to MiniMax brought no answer. `refusal` is the evidence, `verdict` what it means and what follows.

    The text names the account's trouble, never the prompt nor MiniMax's own words, which may quote it.
    """

    def __init__(self, refusal: Refusal, verdict: Verdict) -> None:
        self.refusal = refusal
        self.verdict = verdict
        super().__init__(refusal, verdict)

    def __str__(self) -> str:
        status, request_id = self.refusal.http_status, self.refusal.request_id
        seen = "no response" if status is None else f"http {status}"
        return f"MiniMax {self.verdict.code}: {self.verdict.meaning} ({seen}, request id {request_id or 'none'})"


class Unavailable(MmqError):
    """Redis or the database does not answer. Nothing is lost; try again when it is back."""


class QueueFull(MmqError):
    """A lane holds as many queued jobs as it may. What was to be enqueued was not; submit it again when some are done.

    `coming` is how many were to be added, where that is known beforehand. `batch_id` names the batch of a submission of
    which a part had been accepted already: these jobs stay, and the same submission again goes on.
    """

    def __init__(self, lane: str, most: int, coming: int | None = None) -> None:
        self.lane = str(lane)
        self.most = most
        self.batch_id: str | None = None
        added = "" if coming is None else f", and {coming:,} more have no room"
        remedy = "submit again when some are done, or raise MMQ_MAX_QUEUED or the lane's bound in mmq.toml"
        super().__init__(f"lane {self.lane!r} may hold {most:,} queued jobs{added}; {remedy}")


class StreamBroken(MmqError):
    """The call whose text was followed came to nothing, and another is made or was: what was heard is void."""

    def __init__(self, job_id: str, heard: int) -> None:
        self.job_id = job_id
        remedy = "wait for the answer, or follow the job anew"
        super().__init__(f"job {job_id}: the call broke off after {heard:,} characters and is made again; {remedy}")


class NotFound(MmqError):
    """No job or batch has this id."""
