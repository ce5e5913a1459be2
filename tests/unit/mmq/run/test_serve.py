"""What a worker's log keeps to itself."""

from __future__ import annotations

import logging

import pytest
from celery.worker.consumer import consumer

from mmq.run.serve import without_body

SECRET = "a prompt that nobody else may read"


@pytest.mark.parametrize(
    ("line", "arguments", "told"),
    [
        (consumer.UNKNOWN_TASK_ERROR, (KeyError("minimax.generat"), SECRET, SECRET, "{}"), "'minimax.generat'"),
        (consumer.INVALID_TASK_ERROR, (ValueError(SECRET), SECRET), "invalid task"),
        (consumer.MESSAGE_DECODE_ERROR, (SECRET, "json", "utf-8", SECRET, SECRET), "decode"),
        (consumer.UNKNOWN_FORMAT, (SECRET,), "unknown message"),
    ],
)
def test_a_message_that_no_task_takes_is_logged_without_its_body(
    line: str, arguments: tuple[object, ...], told: str
) -> None:
    """Celery would log the whole message; the prompt in it stays out, what was wrong stays in."""
    record = logging.LogRecord("celery", logging.ERROR, "", 0, line, arguments, (KeyError, KeyError(SECRET), None))
    assert without_body(record)
    assert told in logging.Formatter().format(record)
    assert SECRET not in logging.Formatter().format(record)


def test_other_lines_are_left_as_they_are() -> None:
    """A line without a body keeps its arguments."""
    record = logging.LogRecord("celery", logging.INFO, "", 0, "Connected to %s", ("redis",), None)
    assert without_body(record)
    assert record.getMessage() == "Connected to redis"
