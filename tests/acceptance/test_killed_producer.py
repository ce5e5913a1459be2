"""A producer killed in the middle of a submission, which submits all again."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import select

from models.job import Job
from models.session import reading
from support.processes import Parent
from support.workers import Place

#: Submits 2,500 of 3,000 requests, says so, and waits to be killed.
PRODUCER = """
import sys
from mmq import Queue

def requests():
    for number in range(3000):
        if number == 2500:
            print("half-way", flush=True)
            sys.stdin.read()
        yield {request}

Queue().submit_many(requests(), idempotency_key="night")
"""


@pytest.mark.parametrize(
    "request_text",
    ['f"Number {number % 10}"', '{"prompt": "Hello", "idempotency_key": f"k-{number}"}'],
    ids=["by the batch's key", "by keys of their own"],
)
def test_what_a_killed_producer_submits_again_is_there_once(workplace: Place, request_text: str) -> None:
    """SIGKILL between two commits: what was committed stays, the second submission adds the rest, and nothing twice."""
    environ = {**os.environ, **workplace.environ}
    with Parent(PRODUCER.replace("{request}", request_text), environ) as producer:
        assert producer.answer == "half-way"
        producer.kill()
    with workplace.queue() as queue:
        before = ids(workplace)
        assert len(before) == 2000
        requests = [eval(request_text, {"number": number}) for number in range(3000)]
        batch = queue.submit_many(requests, idempotency_key="night")
        assert batch.counts() == {"queued": 3000}
    after = ids(workplace)
    assert before.items() <= after.items()
    assert sorted(after.values()) == list(range(3000))


def ids(workplace: Place) -> dict[str, int]:
    """All jobs, each with its place in the batch."""
    with reading(workplace.database) as connection:
        return {row.id: row.position for row in connection.execute(select(Job.id, Job.position))}
