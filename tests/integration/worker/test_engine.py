"""One engine, from queued rows to recorded ends, against the sandbox and both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mmq.sandbox.contract.digest import expected_digest
from models import pause, pausing
from models.session import reading, writing
from models.table import utcnow
from support.engine import Rig, running
from support.waiting import eventually


def test_answers_every_job_with_its_own_answer(rig: Rig) -> None:
    """Forty jobs through eight calls at a time: each answer names the digest of its own prompt."""
    prompts = [f"Describe number {number}." for number in range(40)]
    with running(rig, MMQ_RPM="60000"):
        ids = rig.submit(*prompts)
        for job_id, prompt in zip(ids, prompts, strict=True):
            assert rig.ended(job_id).state == "succeeded"
            (attempt,) = rig.attempts(job_id)
            text = json.loads(attempt.answer)["choices"][0]["message"]["content"]
            assert expected_digest([{"role": "user", "content": prompt}]) in text
            assert attempt.request_id
            assert attempt.total_tokens == attempt.prompt_tokens + attempt.completion_tokens
    assert rig.calls() == 40


def test_retries_what_passes_and_keeps_every_attempt(rig: Rig) -> None:
    """A transient error twice, then an answer: three attempts are kept, two failures counted."""
    with running(rig):
        (job_id,) = rig.submit("Twice [[mmq:1000x2]]")
        job = rig.ended(job_id)
    assert (job.state, job.attempts, job.failures) == ("succeeded", 3, 2)
    assert [(row.number, row.outcome, row.code) for row in rig.attempts(job_id)] == [
        (1, "failed", "1000"),
        (2, "failed", "1000"),
        (3, "succeeded", None),
    ]


def test_fails_for_good_with_code_remedy_and_evidence(rig: Rig) -> None:
    """A refused prompt is asked once; the row says what to do, the attempt keeps MiniMax's own words."""
    with running(rig):
        (job_id,) = rig.submit("Bad words [[mmq:1026]]")
        job = rig.ended(job_id)
    (attempt,) = rig.attempts(job_id)
    assert (job.state, job.error_code, job.attempts) == ("failed", "1026", 1)
    assert job.error_remedy
    assert json.loads(attempt.error_body)["base_resp"]["status_code"] == 1026
    assert attempt.request_id
    kinds = [kind for kind in rig.events.of(job_id) if kind != "task-throttled"]  # it may wait for the first interval
    assert kinds == ["task-received", "task-started", "task-failed"]


def test_a_rate_limit_spends_nothing(rig: Rig) -> None:
    """Refused by 1002 twice: the job waits behind the gate and is answered, with no failure counted."""
    with running(rig):
        (job_id,) = rig.submit("Limited [[mmq:1002x2]]")
        job = rig.ended(job_id)
    assert (job.state, job.failures) == ("succeeded", 0)
    rows = rig.attempts(job_id)
    assert [row.outcome for row in rows] == ["throttled", "throttled", "succeeded"]
    assert rows[1].limited_s >= 1.0  # the gate's first wait
    assert "task-throttled" in rig.events.of(job_id)


def test_a_broken_account_pauses_and_its_jobs_stay(rig: Rig) -> None:
    """An unknown key: the account pauses with code and remedy, the jobs go back to their lane unspent."""
    with running(rig, MINIMAX_API_KEY="no-such-key"):
        ids = rig.submit("One", "Two", "Three")

        def pauses() -> list[object]:
            with reading(rig.database) as connection:
                return list(pausing.paused(connection))

        eventually(pauses)
        eventually(lambda: all(rig.job(job_id).state == "queued" for job_id in ids))
        (row,) = pauses()
    assert (row.kind, row.name, row.code) == ("account", "default", "2049")
    assert "region" in row.remedy
    assert {rig.job(job_id).failures for job_id in ids} == {0}
    assert rig.calls() <= 3


def test_a_lifted_pause_lets_the_jobs_go(rig: Rig) -> None:
    """What was paused by an unknown key is answered once the pause is lifted and the key is right."""
    with writing(rig.database) as connection:
        pausing.pause(
            connection, pause.ACCOUNT, "default", utcnow(), probe_at=utcnow() + timedelta(hours=1), code="2049"
        )
    with running(rig):
        ids = rig.submit("One", "Two")
        eventually(lambda: rig.engine.in_hand == 0)
        assert {rig.job(job_id).state for job_id in ids} == {"queued"}
        with writing(rig.database) as connection:
            pausing.resume(connection, pause.ACCOUNT, "default")
        assert {rig.ended(job_id).state for job_id in ids} == {"succeeded"}


def test_a_probe_lifts_the_pause_of_an_account(rig: Rig) -> None:
    """When its probe is due one job goes, and its answer opens the account for the rest."""
    with writing(rig.database) as connection:
        pausing.pause(connection, pause.ACCOUNT, "default", utcnow(), probe_at=utcnow(), code="1008")
    with running(rig):
        ids = rig.submit(*[f"Number {number}" for number in range(6)])
        assert {rig.ended(job_id).state for job_id in ids} == {"succeeded"}
    with reading(rig.database) as connection:
        assert list(pausing.paused(connection)) == []


def test_a_job_that_waits_beyond_its_deadline_expires(rig: Rig) -> None:
    """Behind a paused lane a job's deadline passes: it expires without a call."""
    with writing(rig.database) as connection:
        pausing.pause(connection, pause.LANE, "default", utcnow())
    with running(rig):
        (job_id,) = rig.submit("Too late", deadline=utcnow() + timedelta(seconds=0.2))
        assert rig.ended(job_id).state == "expired"
    assert rig.calls() == 0


def test_a_deadline_ends_the_wait_between_tries(rig: Rig) -> None:
    """A job whose next try would come too late expires; its failed attempt is kept."""
    with running(rig):
        (job_id,) = rig.submit("Failing [[mmq:1033]]", deadline=utcnow() + timedelta(seconds=1.5))
        assert rig.ended(job_id).state == "expired"
    assert rig.attempts(job_id)[0].outcome == "failed"


def test_an_interactive_job_overtakes_the_backlog(rig: Rig) -> None:
    """With two calls at a time and a backlog of sixty, an interactive job is answered before most of it."""
    with running(rig, MMQ_CALLS="2", MMQ_CONCURRENCY="2"):
        rig.sandbox.reset()
        backlog = rig.submit(*[f"Bulk {number} [[mmq:slow_headers]]" for number in range(60)], lane="bulk")
        eventually(lambda: rig.engine.in_hand >= 2)
        (urgent,) = rig.submit("Now", lane="interactive")
        assert rig.ended(urgent).state == "succeeded"
        states = [rig.job(job_id).state for job_id in backlog]
    assert states.count("succeeded") < 10


@pytest.mark.parametrize("api", ["v2", "openai", "v1"])
@pytest.mark.parametrize("stream", [False, True])
def test_every_api_answers(rig: Rig, api: str, stream: bool) -> None:
    """Each of the three APIs, with and without streaming, brings the answer of its prompt."""
    with running(rig, MINIMAX_API=api):
        (job_id,) = rig.submit("Which API?", **({"stream": True} if stream else {}))
        assert rig.ended(job_id).state == "succeeded"
    (attempt,) = rig.attempts(job_id)
    assert attempt.api == api
    assert (attempt.first_token_s is not None) == stream
    body = json.loads(attempt.answer)
    assert expected_digest([{"role": "user", "content": "Which API?"}]) in body["choices"][0]["message"]["content"]
