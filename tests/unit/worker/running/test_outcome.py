"""How the ends of attempts are written down."""

from __future__ import annotations

import pytest

from models.state import Outcome
from worker.errors import CallFailed
from worker.provider.classification import Action, Verdict
from worker.provider.refusal import Refusal
from worker.provider.reply import Reply, Usage
from worker.running.outcome import answered, broken, failure, refused


def reply(usage: Usage | None) -> Reply:
    """An answer."""
    return Reply("text\0\ud800", "", (), "stop", "MiniMax-M2", usage, "r-1", 200, "odd\0", None, 1.5)


def failed(action: Action, code: str = "1000", message: str = "") -> CallFailed:
    """A refused call."""
    refusal = Refusal(http_status=200, message=message, body="{\0}", request_id="r-1")
    return CallFailed(refusal, Verdict(action, code, "what it means", "what to do", "source"))


def test_an_answer_is_made_storable() -> None:
    """What no database holds is shown as U+FFFD, in the answer and in the remark beside it."""
    finish = answered("job-1", 2, reply(Usage(3, 4, 7)))
    assert (finish.outcome, finish.number, finish.request_id) == (Outcome.SUCCEEDED, 2, "r-1")
    assert (finish.prompt_tokens, finish.completion_tokens, finish.total_tokens) == (3, 4, 7)
    assert finish.answer is not None
    assert finish.answer.encode()
    assert finish.warning == "odd\ufffd"


@pytest.mark.parametrize("usage", [None, Usage(2**31, 2**40, 2**52)])
def test_counts_that_no_column_holds_do_not_cost_the_answer(usage: Usage | None) -> None:
    """They are nonsense, and written as unknown."""
    finish = answered("job-1", 1, reply(usage))
    assert (finish.prompt_tokens, finish.completion_tokens, finish.total_tokens) == (None, None, None)
    assert finish.answer


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        (Action.RETRY, Outcome.FAILED),
        (Action.FAIL, Outcome.FAILED),
        (Action.SNOOZE, Outcome.THROTTLED),
        (Action.PAUSE, Outcome.BLOCKED),
    ],
)
def test_each_class_of_refusal_has_its_outcome(action: Action, outcome: Outcome) -> None:
    """With MiniMax's words as evidence, or the table's where it said none."""
    finish = refused("job-1", 1, failed(action), 0.5)
    assert (finish.outcome, finish.message, finish.error_body) == (outcome, "what it means", "{\ufffd}")
    assert refused("job-1", 1, failed(action, message="their words"), 0.5).message == "their words"


def test_a_code_without_end_is_cut_to_its_column() -> None:
    """MiniMax sends numbers, but nothing keeps a gateway from sending one of a hundred digits."""
    error = failed(Action.FAIL, code="9" * 100)
    assert refused("job-1", 1, error, 0.5).code == failure(error).code == "9" * 64


def test_a_fault_of_ours_is_named_but_not_quoted() -> None:
    """The message of an error may quote the prompt."""
    finish = broken("job-1", 1, ValueError("a prompt"))
    assert (finish.outcome, finish.code, finish.message) == (Outcome.FAILED, "internal_error", "ValueError")
