"""What must hold of every job after chaos. Each rule is a function that yields what is wrong with one job's story."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from models.state import FINAL, JobState, Outcome
from support.chaos_calls import Story
from support.chaos_prompts import Prompt

Rule = Callable[[Prompt, Story], Iterator[str]]

#: Seconds in which a call still goes out whose attempt was written just before its job was finished by another.
SENDING_S = 1.0
#: Outcomes that leave open whether MiniMax did the work: its worker was killed, or nobody took the answer.
OPEN = {Outcome.LOST, Outcome.SUPERSEDED, Outcome.ABANDONED}


def _whole(content: str, expected: str) -> bool:
    return content == expected


def _whole_or_nothing(content: str, expected: str) -> bool:
    return content in ("", expected)


#: What a good client makes of answers that are spoilt in a way that leaves them answers.
FORMS: dict[str, Callable[[str, str], bool]] = {
    "huge_body": str.startswith,
    "non_utf8": lambda content, expected: content.replace("\ufffd", "") == expected,
    "empty_answer": _whole_or_nothing,  # finish_reason `length` says so
    "think_opener_only": _whole_or_nothing,  # nothing tells where the reasoning ended
}


def ends_once(_prompt: Prompt, story: Story) -> Iterator[str]:
    """The job is in a final state, held by nobody, and all its attempts are closed and counted."""
    job, attempts = story.job, story.attempts
    if job.state not in FINAL or job.worker_id is not None:
        yield f"is {job.state}, held by {job.worker_id}"
    if any(row.outcome is None for row in attempts):
        yield "has an attempt that is still open"
    if [row.number for row in attempts] != list(range(1, len(attempts) + 1)):
        yield f"has attempts {[row.number for row in attempts]}"
    if job.attempts != len(attempts):
        yield f"counts {job.attempts} attempts, the ledger has {len(attempts)}"


def answer_is_right(prompt: Prompt, story: Story) -> Iterator[str]:
    """A success has one answer, whole and to its own prompt."""
    answers = [row.answer for row in story.attempts if row.outcome == Outcome.SUCCEEDED]
    if len(answers) != (story.job.state == JobState.SUCCEEDED):
        yield f"is {story.job.state} with {len(answers)} answers"
    for answer in answers:
        content = json.loads(answer)["choices"][0]["message"]["content"]
        _digest, expected = prompt.reckon()
        form = FORMS.get(prompt.way or "", _whole)
        if not form(content, expected):
            yield f"was answered {content[:200]!r}, not {expected!r}"


def fails_with_reason(prompt: Prompt, story: Story) -> Iterator[str]:
    """Only a job whose own prompt asked for a refusal fails, and by that code; kills and outages fail nobody."""
    if story.job.state != JobState.SUCCEEDED and story.job.error_code != prompt.way:
        yield f"is {story.job.state} by {story.job.error_code}, its prompt asked for {prompt.way}"


def calls_are_recorded(_prompt: Prompt, story: Story) -> Iterator[str]:
    """Before each call goes out its attempt is written, and each request id in the ledger is a call's."""
    begun = sorted(row.started_at.timestamp() for row in story.attempts)
    for nth, call in enumerate(story.calls):
        if nth >= len(begun) or begun[nth] > float(call["started"]):
            yield f"was asked {len(story.calls)} times, call {nth + 1} before its attempt was written"
            break
    known = {call["request_id"] for call in story.calls}
    if unknown := [row.request_id for row in story.attempts if row.request_id and row.request_id not in known]:
        yield f"has request ids that no call had: {unknown}"


def finished_is_left_alone(_prompt: Prompt, story: Story) -> Iterator[str]:
    """No call goes out for a job that has ended."""
    if story.job.finished_at is not None:
        after = [call["started"] - story.job.finished_at.timestamp() for call in story.calls]
        if late := [seconds for seconds in after if seconds > SENDING_S]:
            yield f"was called again {late} s after its end"


def paid_twice_shows(_prompt: Prompt, story: Story) -> Iterator[str]:
    """Each further answer that MiniMax gave stands in the ledger as a call that nobody could know the end of."""
    answered = sum(bool(call["answered"]) for call in story.calls)
    unknown = sum(row.outcome in OPEN for row in story.attempts)
    if answered - 1 > unknown:
        yield f"was answered {answered} times, and only {unknown} of its attempts leave that open"


RULES: tuple[Rule, ...] = (
    ends_once,
    answer_is_right,
    fails_with_reason,
    calls_are_recorded,
    finished_is_left_alone,
    paid_twice_shows,
)
