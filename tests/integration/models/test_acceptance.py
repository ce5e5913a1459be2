"""Accepting jobs: once each, whoever submits them how often."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select

from models import queries
from models.acceptance import accept, ids_by_key, open_batch
from models.job import Job
from models.session import reading, writing
from support.jobs import NOW, new_job, queue, read

MANY = 2500  # more than fit into one statement of 1,000 rows


def count(database: Engine) -> int:
    """Return how many jobs there are."""
    with reading(database) as connection:
        return connection.scalar(select(func.count()).select_from(Job)) or 0


@pytest.mark.parametrize("again", [{}, {"id": "other"}, {"idempotency_key": "other"}], ids=["both", "key", "id"])
def test_same_id_or_key_twice_is_one_job(database: Engine, again: dict[str, str]) -> None:
    """A second submission under a known id or key is left out, and the first one's row stays as it was."""
    first = {"id": "mine", "idempotency_key": "key"}
    queue(database, new_job(**first, request="first"))
    with writing(database) as connection:
        assert accept(connection, [new_job(**{**first, **again}, request="second")]) == set()
    assert count(database) == 1
    assert read(database, "mine").request == "first"


def test_doubles_inside_one_submission_are_one_job(database: Engine) -> None:
    """The same key twice in one call is one job, and the ids returned are those inserted."""
    jobs = [new_job(1, idempotency_key="a"), new_job(2, idempotency_key="a"), new_job(3, idempotency_key="b")]
    with writing(database) as connection:
        assert accept(connection, jobs) == {"job-1", "job-3"}
        assert ids_by_key(connection, ["a", "b", "c"]) == {"a": "job-1", "b": "job-3"}


def test_jobs_without_a_key_are_all_new(database: Engine) -> None:
    """NULL is not a key: jobs that have none never collide."""
    with writing(database) as connection:
        assert accept(connection, [new_job(1), new_job(2)]) == {"job-1", "job-2"}


def test_nothing_submitted_is_nothing_accepted(database: Engine) -> None:
    """An empty submission inserts no row."""
    with writing(database) as connection:
        assert accept(connection, []) == set()
        assert ids_by_key(connection, []) == {}
    assert count(database) == 0


def test_submission_may_be_larger_than_a_statement(database: Engine) -> None:
    """Thousands of jobs go in at once; resubmitted with some new ones, only the new ones are accepted."""
    jobs = [new_job(number, idempotency_key=f"key-{number}") for number in range(MANY + 10)]
    with writing(database) as connection:
        assert len(accept(connection, jobs[:MANY])) == MANY
        assert accept(connection, jobs) == {job.id for job in jobs[MANY:]}
    assert count(database) == MANY + 10


def test_more_keys_may_be_looked_up_than_a_statement_holds(database: Engine) -> None:
    """40,000 keys, above SQLite's 32,766 parameters a statement, are found in one call."""
    queue(database, new_job(idempotency_key="key-39999"))
    with reading(database) as connection:
        assert ids_by_key(connection, [f"key-{number}" for number in range(40_000)]) == {"key-39999": "job-1"}


def test_same_batch_key_twice_is_one_batch(database: Engine) -> None:
    """A file submitted again finds its batch; batches without a key are new each time."""
    with writing(database) as connection:
        assert open_batch(connection, "b1", "prompts.jsonl", "digest", NOW) == "b1"
        assert open_batch(connection, "b2", "prompts.jsonl", "digest", NOW) == "b1"
        assert open_batch(connection, "b3", "stdin", None, NOW) == "b3"
        assert open_batch(connection, "b4", "stdin", None, NOW) == "b4"
        assert {row.id for row in queries.batches(connection, 10)} == {"b1", "b3", "b4"}
