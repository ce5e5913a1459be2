"""One engine with several accounts: who makes which call, and what becomes of a paused account's jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from models import pause, pausing
from models.session import reading, writing
from models.table import Row, utcnow
from support.engine import Rig, running
from support.redis_server import RedisServer
from support.waiting import eventually
from tasks.order import Order, chat_request

KEYS = {"ANNA_KEY": "sandbox-anna", "BERT_KEY": "sandbox-bert"}
TWO = """
[[accounts]]
name = "anna"
key_env = "ANNA_KEY"
{anna}
[[accounts]]
name = "bert"
key_env = "BERT_KEY"
{bert}
"""
RESUME_IN_BETWEEN = {
    "sqlite": [
        "CREATE TRIGGER resume AFTER UPDATE ON jobs WHEN NEW.run_at IS NOT NULL BEGIN DELETE FROM pauses; END",
    ],
    "postgresql": [
        "CREATE FUNCTION resume() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM pauses; RETURN NULL; END'",
        """
        CREATE TRIGGER resume AFTER UPDATE ON jobs FOR EACH ROW WHEN (NEW.run_at IS NOT NULL) EXECUTE FUNCTION resume()
        """,
    ],
}


class TwoAccounts(Rig):
    """A rig whose sandbox knows two keys, each with a group and limits of its own."""

    def environment(self, anna: str = "", bert: str = "", **keys: str) -> dict[str, str]:
        """What an engine needs to use both; `anna` and `bert` are further lines of the accounts."""
        file = self.home / "mmq.toml"
        file.write_text(TWO.format(anna=anna, bert=bert))
        unused = dict.fromkeys(("MINIMAX_API_KEY", "MINIMAX_GROUP_ID"), "")
        return {**unused, **KEYS, **keys, "MMQ_CONFIG": str(file)}

    def submit_for(self, model: str, *prompts: str) -> list[str]:
        """Enqueue prompts for another model."""
        return self.enqueue([Order(chat_request(prompt, None, model, {})) for prompt in prompts])

    def way(self, job_id: str) -> list[tuple[str, str | None]]:
        """The accounts that were called for a job, and how each call ended."""
        return [(row.account, row.code or row.outcome) for row in self.attempts(job_id)]

    def pauses(self) -> dict[str, Row]:
        """The paused accounts."""
        with reading(self.database) as connection:
            return {row.name: row for row in pausing.paused(connection)}

    def pause(self, name: str, **why: object) -> None:
        """Pause an account."""
        with writing(self.database) as connection:
            pausing.pause(connection, pause.ACCOUNT, name, utcnow(), **why)  # type: ignore[arg-type]

    def resume(self, name: str) -> None:
        """Resume an account."""
        with writing(self.database) as connection:
            assert pausing.resume(connection, pause.ACCOUNT, name)


@pytest.fixture
def rig(database: Engine, redis_server: RedisServer, tmp_path: Path) -> Iterator[TwoAccounts]:
    """Everything an engine with two accounts needs, but the engine."""
    keys = [("sandbox-anna", "1"), ("sandbox-bert", "2")]
    with SandboxThread(SandboxConfig.of(keys=keys, latency_ms=5)) as sandbox:
        yield TwoAccounts(database, redis_server, sandbox, tmp_path)


def accounts(rig: TwoAccounts, ids: list[str]) -> set[str]:
    """Which accounts answered these jobs; each was answered at its first call."""
    ways = [rig.way(job_id) for job_id in ids]
    assert {(len(way), way[0][1]) for way in ways} == {(1, "succeeded")}
    return {way[0][0] for way in ways}


@pytest.mark.parametrize("limits", ["", "concurrency = 1"])
def test_jobs_are_spread_and_attempts_name_the_account(rig: TwoAccounts, limits: str) -> None:
    """With room to spare and at their limits: both accounts take part, every job is asked once."""
    with running(rig, **rig.environment(limits, limits)):
        ids = rig.submit(*[f"Number {number}" for number in range(24)])
        assert {rig.ended(job_id).state for job_id in ids} == {"succeeded"}
    assert accounts(rig, ids) == {"anna", "bert"}
    assert rig.calls() == 24


def test_what_one_account_cannot_grant_goes_by_the_other(rig: TwoAccounts) -> None:
    """One account may make a call in an hour, the other as many as it likes: nobody waits for the first."""
    with running(rig, **rig.environment("rpm = 0.017")):
        ids = rig.submit(*[f"Number {number}" for number in range(16)])
        assert {rig.ended(job_id).state for job_id in ids} == {"succeeded"}
    assert [rig.way(job_id)[0][0] for job_id in ids].count("bert") >= 15


def test_a_limit_of_one_account_sends_the_job_to_the_other(rig: TwoAccounts) -> None:
    """Refused by 1002: the job is answered by the other account, with no failure counted."""
    rig.sandbox.set_limits(account="1", rpm=0)
    with running(rig, **rig.environment()):
        ids = rig.submit(*[f"Number {number}" for number in range(12)])
        assert {(job.state, job.failures) for job in map(rig.ended, ids)} == {("succeeded", 0)}
    ways = [rig.way(job_id) for job_id in ids]
    assert {way[-1] for way in ways} == {("bert", "succeeded")}
    assert [("anna", "1002"), ("bert", "succeeded")] in ways


def test_a_broken_account_leaves_its_jobs_to_the_other(rig: TwoAccounts) -> None:
    """An unknown key pauses its account alone: the lane goes on, and each job is answered by the other account."""
    with running(rig, **rig.environment(ANNA_KEY="no-such-key")):
        ids = rig.submit(*[f"Number {number}" for number in range(16)])
        assert {(job.state, job.failures) for job in map(rig.ended, ids)} == {("succeeded", 0)}
    (row,) = rig.pauses().values()
    assert (row.name, row.code) == ("anna", "2049")
    ways = [rig.way(job_id) for job_id in ids]
    assert {way[-1] for way in ways} == {("bert", "succeeded")}
    assert [("anna", "2049"), ("bert", "succeeded")] in ways


def test_an_account_that_a_person_paused_gets_no_call_until_it_is_resumed(rig: TwoAccounts) -> None:
    """Paused before and resumed while the engine runs."""
    rig.pause("anna")
    with running(rig, **rig.environment("", "concurrency = 1")):
        ids = rig.submit(*[f"Number {number}" for number in range(8)])
        assert {rig.ended(job_id).state for job_id in ids} == {"succeeded"}
        assert accounts(rig, ids) == {"bert"}
        rig.resume("anna")

        def anna_answers() -> bool:
            (job_id,) = rig.submit("One more")
            rig.ended(job_id)
            return rig.way(job_id)[0][0] == "anna"

        eventually(anna_answers)


def test_waiting_jobs_leave_an_account_that_is_paused(rig: TwoAccounts) -> None:
    """They wait for a turn that is an hour away, at one account while the other is closed; then these change roles."""
    rig.pause("bert")
    with running(rig, **rig.environment("rpm = 0.017")):
        ids = rig.submit(*[f"Number {number}" for number in range(4)])
        eventually(lambda: any("task-throttled" in rig.events.of(job_id) for job_id in ids))
        rig.pause("anna")
        rig.resume("bert")
        assert {rig.ended(job_id).state for job_id in ids} == {"succeeded"}


def test_each_model_goes_to_the_account_that_serves_it(rig: TwoAccounts) -> None:
    """Accounts name their models; a paused one's wait, the others' go on, and all go once it is resumed."""
    rig.pause("anna")
    with running(rig, **rig.environment('models = ["MiniMax-M2.7"]', 'models = ["MiniMax-M3"]')):
        waiting = rig.submit("One", "Two")
        ids = rig.submit_for("MiniMax-M3", "Three", "Four")
        assert {rig.ended(job_id).state for job_id in ids} == {"succeeded"}
        assert accounts(rig, ids) == {"bert"}
        eventually(lambda: all(rig.job(job_id).run_at for job_id in waiting))  # looked at, and sent back
        assert {rig.job(job_id).state for job_id in waiting} == {"queued"}
        rig.resume("anna")
        assert {rig.ended(job_id).state for job_id in waiting} == {"succeeded"}
        assert accounts(rig, waiting) == {"anna"}


def test_a_job_sent_back_while_its_account_is_resumed_waits_for_no_moment(rig: TwoAccounts) -> None:
    """Who resumes it sees no such job, since that is not committed yet: a trigger resumes at that very moment."""
    rig.pause("anna")
    with writing(rig.database) as connection:
        for statement in RESUME_IN_BETWEEN[rig.database.dialect.name]:
            connection.exec_driver_sql(statement)
    with running(rig, **rig.environment('models = ["MiniMax-M2.7"]', 'models = ["MiniMax-M3"]')):
        (job_id,) = rig.submit("One")
        assert rig.ended(job_id).state == "succeeded"
        assert rig.pauses() == {}  # so the trigger did its part
        assert accounts(rig, [job_id]) == {"anna"}


def test_a_model_that_no_account_serves_fails_with_the_remedy(rig: TwoAccounts) -> None:
    """Somebody took it out of the file after the job was accepted."""
    with running(rig, **rig.environment('models = ["MiniMax-M3"]', 'models = ["MiniMax-M3"]')):
        (job_id,) = rig.submit("Nobody's")
        job = rig.ended(job_id)
    assert (job.state, job.error_code, job.attempts) == ("failed", "no_account", 0)
    assert "mmq.toml" in job.error_remedy


def test_one_job_tries_a_paused_account_when_its_probe_is_due(rig: TwoAccounts) -> None:
    """Its answer opens the account, though another one could have made the call."""
    rig.pause("anna", probe_at=utcnow() - timedelta(seconds=1), code="1008")
    with running(rig, **rig.environment()):

        def anna_answers() -> bool:
            (job_id,) = rig.submit("Is she back?")
            rig.ended(job_id)
            return rig.way(job_id)[0][0] == "anna"

        eventually(anna_answers)
        eventually(lambda: not rig.pauses())
