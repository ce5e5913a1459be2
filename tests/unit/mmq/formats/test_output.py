from __future__ import annotations

import pytest

from mmq.formats.output import answered_line, bad_line_line, errors_path, failed_line
from mmq.formats.record import BadLine
from worker.errors import Problem


def test_answer_has_the_form_of_a_batch_result() -> None:
    """Whoever reads OpenAI's batch results reads ours."""
    body = {"object": "chat.completion", "choices": []}
    assert answered_line("j1", "a", request_id="r1", body=body) == {
        "id": "j1",
        "custom_id": "a",
        "response": {"status_code": 200, "request_id": "r1", "body": body},
        "error": None,
    }


def test_failure_carries_minimax_answer_and_remedy() -> None:
    """The raw error body, its request id and what to do stand in one line."""
    line = failed_line(
        "j1", "a", code="1027", message="m", remedy="r", status_code=422, request_id="q", body='{"base_resp": {}}'
    )
    assert line["response"] == {"status_code": 422, "request_id": "q", "body": {"base_resp": {}}}
    assert line["error"] == {"code": "1027", "message": "m", "remedy": "r"}


def test_failure_without_an_answer_has_no_response() -> None:
    """A refused connection brought no body and no id."""
    line = failed_line("j1", None, code="connect_timeout", message="m")
    assert line["response"] is None
    assert line["error"] == {"code": "connect_timeout", "message": "m"}


@pytest.mark.parametrize("body", ["<html>", '{"cut": ', '{"x": NaN}', "[" * 100_000, ""])
def test_body_that_is_no_json_is_kept_as_it_came(body: str) -> None:
    """Support wants to see what MiniMax sent, whatever it was."""
    line = failed_line("j1", "a", code="http_502", message="m", status_code=502, body=body)
    assert line["response"]["body"] == body


def test_bad_line_is_reported_with_number_and_reasons() -> None:
    """A line that never became a job has no id and no response."""
    bad = BadLine(3, "a", (Problem("model", "is foreign", "use ours"), Problem("n", "is 2")))
    assert bad_line_line(bad) == {
        "id": None,
        "custom_id": "a",
        "line": 3,
        "response": None,
        "error": {
            "code": "invalid_request",
            "message": "model: is foreign (use ours); n: is 2",
            "problems": [
                {"field": "model", "message": "is foreign", "remedy": "use ours"},
                {"field": "n", "message": "is 2", "remedy": ""},
            ],
        },
    }


@pytest.mark.parametrize(
    ("output", "errors"),
    [
        ("out.jsonl", "out.errors.jsonl"),
        ("a/out.jsonl", "a/out.errors.jsonl"),
        ("out", "out.errors.jsonl"),
        ("run.v2", "run.v2.errors.jsonl"),
    ],
)
def test_errors_stand_beside_the_results(output: str, errors: str) -> None:
    """The default errors file is named for the results file and never the same."""
    assert errors_path(output) == errors
