"""The whole examination, against a sandbox provider and an embedded stack."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest

from mmq.doctor import examination
from mmq.doctor.check import Check, Level
from mmq.local.stack import Stack
from mmq.sandbox.config import SANDBOX_KEY
from mmq.sandbox.thread import SandboxThread
from worker import settings

KEY = "sk-api-planted-in-a-test-0123456789"


@pytest.fixture
def environ():
    """A home with a short path, and a provider on this machine."""
    with tempfile.TemporaryDirectory(prefix="mmq-", dir="/tmp") as home, SandboxThread() as sandbox:
        yield {"MMQ_HOME": home, "MINIMAX_BASE_URL": sandbox.base_url, "MINIMAX_API_KEY": SANDBOX_KEY}


def levels(checks: list[Check]) -> dict[str, Level]:
    """The findings by name."""
    return {check.name: check.level for check in checks}


def test_a_sound_installation_has_nothing_to_mend(environ):
    """Key, model, host, account, database, Redis and workers are all looked at, and nothing is started."""
    checks = examination.check(environ)
    assert {"settings", "key", "model", "host", "account", "database", "redis", "workers"} <= set(levels(checks))
    assert [check for check in checks if check.level is Level.FAIL] == []
    assert list(Path(environ["MMQ_HOME"]).iterdir()) == []


def test_a_running_stack_is_sound_too(environ):
    """Its database has our schema and its Redis evicts nothing."""
    with Stack(settings.load(environ), workers=0, environ=environ):
        found = levels(examination.check(environ))
    assert found["schema"] is found["writing"] is found["redis"] is found["eviction"] is Level.OK


def test_a_key_that_the_provider_refuses_is_named_with_its_remedy(environ):
    """A wrong key is the commonest trouble, and its cause the region as often as not."""
    checks = examination.check({**environ, "MINIMAX_API_KEY": KEY})
    (account,) = [check for check in checks if check.name == "account"]
    assert account.level is Level.FAIL
    assert account.found.startswith("2049")
    assert "region" in account.remedy
    assert KEY not in str(checks)


def test_every_wrong_setting_is_a_finding_and_the_rest_is_still_looked_at(environ):
    """Nobody mends one thing to be told of the next."""
    checks = examination.check(
        {**environ, "MMQ_RPM": "many", "MMQ_DATABASE_URL": "mysql://db", "MINIMAX_MODEL": "gpt-4o", "MMQ_RMP": "1"}
    )
    found = levels(checks)
    assert found["MMQ_RPM"] is found["MMQ_DATABASE_URL"] is found["model"] is Level.FAIL
    assert found["account"] is Level.WARN, "the sandbox does not list that model"
    assert found["settings"] is Level.WARN
    assert found["redis"] is Level.OK
    assert "database" not in found, "what would be looked at is not what was meant"
    assert "workers" not in found
    assert all(check.remedy for check in checks if check.level is not Level.OK)


def test_without_a_key_all_but_the_account_is_looked_at(environ):
    """The key is the finding."""
    del environ["MINIMAX_API_KEY"]
    found = levels(examination.check(environ))
    assert found["MINIMAX_API_KEY"] is Level.FAIL
    assert not {"key", "account"} & set(found)
    assert found["database"] is found["redis"] is Level.OK


def test_legacy_v1_without_a_group_id_is_the_finding_and_not_the_key(environ):
    """MiniMax would say 'authentication failed'."""
    found = levels(examination.check({**environ, "MINIMAX_API": "v1"}))
    assert found["MINIMAX_GROUP_ID"] is Level.FAIL
    assert found["account"] is Level.OK


def test_every_account_is_looked_at_by_name(environ, tmp_path):
    """The host and key of each; one that MiniMax refuses is told apart from one that it accepts."""
    accounts = (
        '[[accounts]]\nname = "good"\nkey_env = "GOOD_KEY"\n',
        '[[accounts]]\nname = "bad"\nkey_env = "BAD_KEY"\n',
    )
    (tmp_path / "mmq.toml").write_text("".join(accounts) + 'models = ["MiniMax-M3"]')
    keys = {"GOOD_KEY": SANDBOX_KEY, "BAD_KEY": KEY, "MMQ_CONFIG": str(tmp_path / "mmq.toml")}
    del environ["MINIMAX_API_KEY"]
    checks = examination.check({**environ, **keys})
    found = levels(checks)
    assert found["account of good"] is found["host of good"] is found["key of good"] is found["host of bad"] is Level.OK
    assert found["account of bad"] is Level.FAIL
    assert found["model"] is Level.OK
    assert not {"account", "host", "key"} & set(found)
    assert KEY not in str(checks)


def test_what_is_wrong_with_the_file_is_a_finding_and_the_rest_is_looked_at(environ, tmp_path):
    """Accounts that cannot be read are not looked at, nor is the environment's taken for one of them."""
    (tmp_path / "mmq.toml").write_text('[[accounts]]\nname = "a"\nkey_env = "GOOD_KEY"\nrmp = 3')
    found = levels(examination.check({**environ, "MMQ_CONFIG": str(tmp_path / "mmq.toml")}))
    assert found["mmq.toml accounts.a.rmp"] is found["mmq.toml accounts.a.key_env"] is Level.FAIL
    assert found["database"] is found["redis"] is Level.OK
    assert not {"account", "host", "key", "model"} & set(found)


def test_a_look_that_hangs_or_breaks_is_a_finding_of_its_own(environ):
    """A name server that never answers holds up nobody."""
    never = threading.Event()

    def hang(_settings):
        never.wait()
        yield from ()

    def break_down(_settings):
        raise RuntimeError(f"with {KEY} in its text")
        yield

    looks = (("slow", hang, frozenset()), ("broken", break_down, frozenset()), *examination.LOOKS)
    checks = examination.check(environ, limit=2, looks=looks)
    never.set()
    found = {check.name: check for check in checks}
    assert found["slow"].found == "gave no answer within 2 s"
    assert found["broken"].found == "could not be looked at: RuntimeError"
    assert found["slow"].level is found["broken"].level is Level.FAIL
    assert found["account"].level is Level.OK
    assert KEY not in str(checks)
