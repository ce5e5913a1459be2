"""Every edge of the state table, tried from every state, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from models.session import writing
from models.state import FINAL, TRANSITIONS, Edge, JobState
from models.transitions import Hold
from support.jobs import NOW, WAYS, keep_answer, move, new_job, queue, read, register

OVERDUE = NOW - timedelta(seconds=1)


def held(database: Engine, job_id: str) -> Hold:
    """Return the hold of whoever holds the job, or would if anybody did."""
    row = read(database, job_id)
    return Hold(row.id, row.claim, row.attempts, row.failures)


def try_edge(database: Engine, edge: Edge, job_id: str) -> bool:
    """Try an edge in a transaction of its own, with the newest hold."""
    hold = held(database, job_id)
    with writing(database) as connection:
        return move(connection, edge, hold)


@pytest.mark.parametrize("state", JobState)
def test_job_moves_along_an_edge_only_from_its_sources(database: Engine, state: JobState) -> None:
    """A compare-and-set moves a job if, and only if, the table has the edge; else the row stays as it was."""
    register(database, "w1")
    for edge in Edge:
        job_id = f"{edge}-from-{state}"
        queue(database, new_job(id=job_id, deadline=OVERDUE))
        keep_answer(database, job_id)
        assert all(try_edge(database, step, job_id) for step in WAYS[state])
        before = read(database, job_id)
        assert before.state == state

        moved = try_edge(database, edge, job_id)

        sources, target = TRANSITIONS[edge]
        after = read(database, job_id)
        assert moved == (state in sources), edge
        assert after.state == (target if moved else state), edge
        assert moved or after == before, edge
        with writing(database) as connection:
            connection.exec_driver_sql("DELETE FROM jobs")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=st.lists(st.sampled_from(Edge), max_size=25))
def test_random_walk_agrees_with_the_table(database: Engine, walk: list[Edge]) -> None:
    """Edges tried at random move a job as a model in Python says, keep the books, and break no CHECK."""
    with writing(database) as connection:
        connection.exec_driver_sql("DELETE FROM jobs")
        connection.exec_driver_sql("DELETE FROM workers")
    register(database, "w1")
    queue(database, new_job(deadline=OVERDUE))
    keep_answer(database)
    state, claims, rescues, with_deadline = JobState.QUEUED, 0, 0, True
    for edge in walk:
        sources, target = TRANSITIONS[edge]
        # A reopened job has no deadline, so that in the queue nothing is overdue.
        expected = state in sources and (edge is not Edge.EXPIRE or state is JobState.RUNNING or with_deadline)

        assert try_edge(database, edge, "job-1") == expected

        if expected:
            state = target
            claims += edge is Edge.CLAIM
            rescues += edge in {Edge.RESCUE, Edge.QUARANTINE}
            with_deadline = with_deadline and edge is not Edge.REOPEN
        row = read(database)
        assert (row.state, row.claim, row.rescues) == (state, claims, rescues)
        assert (row.worker_id is not None) == (state is JobState.RUNNING)
        assert (row.finished_at is not None) == (state in FINAL)
        assert (row.error_code is not None) == (state is JobState.FAILED)
