"""`mmq limits`: seen and changed while workers run."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from support.command_line import finished
from support.waiting import eventually

MODEL = "MiniMax-M2.7"


def test_limits_are_seen_and_changed_while_workers_run(place: Callable[..., tuple]) -> None:
    """Under one request a minute nothing would move in this test; set higher, the batch is answered."""
    mmq, _ = place()
    mmq.environ["MMQ_RPM"] = "1"
    batch = mmq.run("submit", mmq.write("in.txt", "one", "two", "three")).stdout.strip()
    process = mmq.start("up")

    def budget() -> dict:
        return next(iter(mmq.json("limits", "default", MODEL)["budgets"]), {})

    eventually(lambda: budget().get("waiting", {}).get("default") == 2)  # the third is left to other workers
    assert (budget()["limits"]["rpm"]["configured"], budget()["limits"]["rpm"]["set"]) == (1.0, None)
    assert mmq.json("limits", "nobody")["budgets"] == []
    assert "600" in mmq.run("limits", "set", "default", MODEL, "--rpm", "600").stdout
    assert mmq.run("wait", batch, "-q").returncode == 0
    assert (budget()["limits"]["rpm"]["set"], budget()["limits"]["rpm"]["in_force"]) == (600.0, 600.0)
    assert "requests a minute" in mmq.run("limits").stdout
    assert "unset" in mmq.run("limits", "unset", "default", MODEL).stdout
    assert "nothing was set" in mmq.run("limits", "unset", "default", MODEL).stdout
    assert "forgot" in mmq.run("limits", "reset", "default", MODEL).stdout
    process.send_signal(signal.SIGINT)
    finished(process)
    away = mmq.run("limits", "set", "default", MODEL, "--concurrency", "2")
    assert away.returncode == 0, away.stderr
    assert "Redis cannot be used" in mmq.run("limits", "reset", "default", MODEL).stderr
    seen = mmq.json("limits")
    assert "Redis is away" in seen["note"]
    assert seen["budgets"][0]["limits"]["concurrency"] == {
        "configured": 8,
        "set": 2,
        "learned": None,
        "in_force": None,
        "used": None,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("nobody", MODEL, "--rpm", "5"),
        ("default", MODEL),
        ("default", MODEL, "--tpm", "0"),
        ("default", MODEL, "--rpm", "nan"),
    ],
    ids=["no-account", "nothing", "nought", "no-number"],
)
def test_what_is_no_limit_is_refused(place: Callable[..., tuple], arguments: tuple[str, ...]) -> None:
    """Exit 2, and nothing is set."""
    mmq, _ = place()
    mmq.run("submit", mmq.write("in.txt", "one"))
    assert mmq.run("limits", "set", *arguments).returncode == 2
    assert mmq.json("limits")["budgets"] == []
