"""What the environment says, as one frozen object or as a list of everything that is wrong with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from worker.errors import ConfigurationError
from worker.provider.account import Api, Timeouts
from worker.settings import DEFAULT_MODEL, VARIABLES, Budget, load

KEY = "sk-api-planted-in-a-test"
MINIMAL = {"MMQ_HOME": "/srv/mmq", "MINIMAX_API_KEY": KEY}


def problems_of(environ: dict[str, str], **options: bool) -> dict[str, str]:
    """The problems of an environment: variable to message and remedy."""
    with pytest.raises(ConfigurationError) as caught:
        load(environ, **options)
    return {problem.field: f"{problem.message}; {problem.remedy}" for problem in caught.value.problems}


def test_nothing_set_is_the_embedded_stack_without_an_account():
    """SQLite and a socket under MMQ_HOME, no limits of ours, and no key, since enqueuing needs none."""
    settings = load({"MMQ_HOME": "/srv/mmq"})
    assert settings.account is None
    assert settings.api is Api.V2
    assert settings.model == DEFAULT_MODEL
    assert settings.budget == Budget(None, None, None)
    assert settings.timeouts == Timeouts()
    assert settings.database_url == "sqlite:////srv/mmq/mmq.sqlite3"
    assert settings.redis_url == "unix:///srv/mmq/redis.sock"
    assert settings.broker_url == "redis+socket:///srv/mmq/redis.sock"
    assert settings.embedded_redis
    assert settings.warnings == ()


def test_the_default_home_is_in_the_working_folder_and_absolute():
    """A worker that is started elsewhere with the same settings object finds the same place."""
    assert load({}).home == Path.cwd() / ".mmq"
    assert load({"MMQ_HOME": "a/b"}).home == Path.cwd() / "a/b"


def test_everything_set_arrives():
    """Each variable of the contract changes the one setting that it names."""
    settings = load(
        {
            "MINIMAX_API_KEY": KEY,
            "MINIMAX_GROUP_ID": "1234567890",
            "MINIMAX_BASE_URL": "https://api.minimaxi.com/v1/",
            "MINIMAX_API": "V1",
            "MINIMAX_MODEL": "abab6.5s-chat",
            "MMQ_DATABASE_URL": "postgresql://mmq@db/mmq",
            "MMQ_REDIS_URL": "redis://cache:6379/1",
            "MMQ_BROKER_URL": "amqp://rabbit//",
            "MMQ_HOME": "/srv/mmq",
            "MMQ_RPM": "120",
            "MMQ_TPM": "1_000_000",
            "MMQ_CONCURRENCY": "8",
            "MMQ_CALLS": "50",
            "MMQ_QUARANTINE_AFTER": "3",
            "MMQ_CONNECT_TIMEOUT": "1.5",
            "MMQ_FIRST_BYTE_TIMEOUT": "20",
            "MMQ_IDLE_TIMEOUT": "30",
            "MMQ_TOTAL_TIMEOUT": "40",
        }
    )
    assert settings.account is not None
    assert settings.account.key.reveal() == KEY
    assert settings.account.group_id == "1234567890"
    assert settings.account.base_url == "https://api.minimaxi.com/v1"
    assert settings.api is settings.account.api is Api.V1
    assert settings.model == "abab6.5s-chat"
    assert settings.budget == Budget(rpm=120, tpm=1_000_000, concurrency=8)
    assert settings.timeouts == Timeouts(connect=1.5, first_byte=20, idle=30, total=40)
    assert settings.calls == 50
    assert settings.quarantine_after == 3
    assert settings.database_url == "postgresql://mmq@db/mmq"
    assert settings.redis_url == "redis://cache:6379/1"
    assert settings.broker_url == "amqp://rabbit//"
    assert not settings.embedded_redis
    assert settings.home == Path("/srv/mmq")
    assert settings.warnings == ()


def test_every_problem_is_reported_at_once():
    """Somebody who mends three things should not have to try three times."""
    problems = problems_of(
        {
            "MINIMAX_API": "v3",
            "MINIMAX_BASE_URL": "https://api.minimax.io/v1/text/chatcompletion_v2",
            "MMQ_DATABASE_URL": "mysql://root@db/mmq",
            "MMQ_REDIS_URL": "http://cache",
            "MMQ_RPM": "many",
            "MMQ_CONCURRENCY": "2.5",
            "MMQ_TOTAL_TIMEOUT": "-1",
        },
        key_needed=True,
    )
    assert set(problems) == {
        "MINIMAX_API", "MINIMAX_BASE_URL", "MMQ_DATABASE_URL", "MMQ_REDIS_URL", "MMQ_RPM", "MMQ_CONCURRENCY",
        "MMQ_TOTAL_TIMEOUT", "MINIMAX_API_KEY",
    }  # fmt: skip
    assert all(text.split("; ")[1] for text in problems.values()), "each has a remedy"
    assert "'v3' is unknown; use one of v2, openai, v1" in problems["MINIMAX_API"]
    assert "set the API root: https://api.minimax.io/v1" in problems["MINIMAX_BASE_URL"]
    assert "mysql" in problems["MMQ_DATABASE_URL"]


def test_a_key_is_needed_only_where_it_is_said_to_be():
    """The error points to the demo, which works without one."""
    assert load({"MMQ_HOME": "/srv/mmq"}).account is None
    assert "mmq demo" in problems_of({}, key_needed=True)["MINIMAX_API_KEY"]


@pytest.mark.parametrize("environ", [{"MINIMAX_API_KEY": KEY}, {}])
def test_legacy_v1_without_a_group_id_is_named_before_minimax_calls_it_authentication(environ):
    """MiniMax answers 1004 'authentication failed', and people then make key after key."""
    problem = problems_of({**environ, "MINIMAX_API": "v1"}, key_needed=True)["MINIMAX_GROUP_ID"]
    assert "1004" in problem
    assert "MINIMAX_API=v2" in problem


@pytest.mark.parametrize("api", ["v2", "openai"])
def test_other_apis_need_no_group_id(api):
    """Only legacy v1 asks for it."""
    settings = load({**MINIMAL, "MINIMAX_API": api})
    assert settings.account is not None
    assert settings.account.group_id is None


def test_a_misspelt_variable_is_a_warning_with_the_likely_name():
    """A limit that nobody reads is found before it is missed; its value is not shown, it may be a key."""
    settings = load({**MINIMAL, "MMQ_RMP": "5", "MINIMAX_APIKEY": KEY, "OTHER": "x"})
    assert len(settings.warnings) == 2
    assert "MINIMAX_APIKEY is set, but nothing reads it; did you mean MINIMAX_API_KEY?" in settings.warnings
    assert "did you mean MMQ_RPM?" in settings.warnings[1]
    assert KEY not in str(settings.warnings)


def test_every_variable_that_is_known_is_accepted_without_a_warning():
    """The list of known names and what is read cannot drift apart unseen."""
    assert load(dict.fromkeys(VARIABLES, "") | MINIMAL).warnings == ()


def test_neither_key_nor_passwords_show_in_a_repr():
    """A settings object ends up in logs and tracebacks sooner or later."""
    settings = load(
        {
            **MINIMAL,
            "MMQ_DATABASE_URL": "postgresql://mmq:secret-one@db/mmq",
            "MMQ_REDIS_URL": "redis://:secret-two@cache:6379/0",
            "MMQ_BROKER_URL": "amqp://mmq:secret-three@rabbit//",
        }
    )
    assert KEY not in repr(settings)
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MMQ_DATABASE_URL", "mysql://mmq:secret-word@db/mmq"),
        ("MMQ_DATABASE_URL", "postgresql://mmq:secret-word@db:port/mmq"),
        ("MMQ_REDIS_URL", "http://:secret-word@cache:6379/0"),
        ("MMQ_REDIS_URL", "redis://:secret-word@cache:port/0"),
        ("MINIMAX_BASE_URL", "https://mmq:secret-word@api.minimax.io/v1"),
        ("MINIMAX_BASE_URL", "https://mmq:secret-word@api.minimax.io:port/v1"),
        ("MINIMAX_BASE_URL", "https://api.minimax.io/v1?key=secret-word"),
        ("MINIMAX_API_KEY", "secret-word with spaces"),
    ],
)
def test_a_problem_does_not_repeat_what_may_be_a_secret(variable, value):
    """Configuration errors are printed, logged and pasted into tickets."""
    environ = {"MMQ_HOME": "/srv/mmq", variable: value}
    assert variable in problems_of(environ)
    assert "secret-word" not in str(problems_of(environ))


def test_settings_do_not_change():
    """They are read once and passed down."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        load(MINIMAL).model = "other"
