"""What is typed, before anything runs."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from mmq.cli.checks import lanes_of, level_of
from mmq.cli.commands import app
from mmq.cli.environment import overridden
from mmq.cli.failure import complain, exit_code
from worker.errors import ConfigurationError, InvalidRequest, MmqError, NotFound, Problem, Unavailable
from worker.provider.account import Api

COMMANDS = (
    "plan", "run", "demo", "submit", "wait", "results", "status", "show", "doctor", "cancel", "retry", "move", "pause",
    "purge", "resume", "top", "up", "worker", "flower", "sandbox",
)  # fmt: skip


def test_every_command_is_listed_and_explained() -> None:
    """Those of the contract, and no others."""
    listed = {str(command.name): command for command in app.registered_commands}
    assert sorted(listed) == sorted(COMMANDS)
    assert all(command.callback and command.callback.__doc__ for command in listed.values())


def test_help_loads_nothing_heavy() -> None:
    """Neither SQLAlchemy nor Celery, HTTP clients or servers: help comes at once."""
    # The package's own door is the Python API, which is heavy; here only the command line is asked about.
    script = (
        "import sys, types, pathlib\n"
        "door = types.ModuleType('mmq'); door.__path__ = [sys.argv[1]]; sys.modules['mmq'] = door\n"
        "import mmq.cli.commands\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script, "mmq"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "typer" in loaded
    assert not {"sqlalchemy", "celery", "kombu", "httpx", "aiohttp", "redis", "alembic", "tornado"} & set(loaded)


def test_lanes_are_served_in_the_order_of_their_urgency() -> None:
    """Celery reads queues in the order given, whatever somebody typed."""
    assert lanes_of("bulk, interactive") == ["interactive", "bulk"]


@pytest.mark.parametrize("given", ["fast", "default,fast", "", ","])
def test_an_unknown_lane_is_refused(given: str) -> None:
    """Nobody would ever serve it."""
    with pytest.raises(typer.BadParameter):
        lanes_of(given)


def test_log_levels_are_those_of_logging() -> None:
    """Or refused."""
    assert level_of("Warning") == "WARNING"
    with pytest.raises(typer.BadParameter):
        level_of("loud")


def test_options_stand_above_the_environment() -> None:
    """And what is not given changes nothing."""
    environ = {"MINIMAX_MODEL": "a", "MINIMAX_API": "v2", "HOME": "/"}
    assert overridden(environ) == environ
    assert overridden(environ, model="b", api=Api.OPENAI) == {**environ, "MINIMAX_MODEL": "b", "MINIMAX_API": "openai"}


def test_every_problem_is_printed_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, each on lines of its own."""
    complain(ConfigurationError([Problem("A", "is not set", "set it"), Problem("B", "is wrong")]))
    captured = capsys.readouterr()
    assert captured.err == "mmq: A: is not set\n     set it\nmmq: B: is wrong\n"
    assert not captured.out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError([]), 2),
        (InvalidRequest([]), 2),
        (NotFound("no job"), 2),
        (Unavailable("Redis is away"), 1),
        (MmqError("else"), 1),
    ],
)
def test_exit_codes_tell_whose_turn_it_is(error: MmqError, code: int) -> None:
    """2: whoever typed the command; 1: something else is in the way."""
    assert exit_code(error) == code
