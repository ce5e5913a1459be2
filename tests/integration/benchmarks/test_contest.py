"""The harness of the benchmarks: one contender that fails, hangs or leaves processes behind does not spoil the rest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.contest import outcome, report, run
from benchmarks.contest.entries import Contender
from benchmarks.contest.outcome import Journal, Outcome
from benchmarks.contest.run import Failed
from benchmarks.contest.scenario import Scenario
from support.waiting import eventually

LAUNCH = Path(run.LAUNCH)
COLUMNS = report.Columns("calls/s", more_is_better=True, others=("lost",), ours="ours")
SCENARIO = Scenario("a round", "throughput", jobs=10, in_flight=5, limit_s=20)
CALLS = """
import urllib.request
from task import Task, tell
import time
task = Task.read()
for _ in range(task.jobs):
    urllib.request.urlopen(urllib.request.Request(task.endpoint, b'{"model": "m"}')).close()
tell(done=time.time(), lost=0)
"""


class Here:
    """Services of which only the provider is there."""

    redis_url = ""
    pids: dict[str, int]

    def __init__(self, url: str, pid: int) -> None:
        self.provider_url, self.pids = url, {"provider": pid, "redis": pid, "postgresql": pid}

    def reset(self, *_limits: object) -> str:
        return ""

    def ask(self, path: str) -> Any:
        return httpx.get(f"{self.provider_url.removesuffix('/v1')}/{path}").json()


@pytest.fixture
def here() -> Iterator[Here]:
    """A provider alone."""
    command = [sys.executable, str(LAUNCH.parents[1] / "provider.py"), "--latency-ms", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Here(json.loads(process.stdout.readline())["url"], process.pid)
        finally:
            process.kill()


def contender(folder: Path, program: str) -> Contender:
    """A contender that runs this program."""
    file = folder / "contender.py"
    file.write_text(program)
    where = (("PYTHONPATH", str(run.CONTENDERS)),)
    return Contender("one", str(file), environ=where)


def test_a_run_is_measured(here: Any, tmp_path: Path) -> None:
    """The figures tell calls a second, CPU and memory of what the contender did."""
    figures = run.run(here, SCENARIO, contender(tmp_path, CALLS))
    assert figures["calls/s"] > 0
    assert (figures["most in flight"], figures["lost"]) == (1, 0)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise ValueError('of no use')", "exit code 1: ValueError: of no use"),
        ("pass", "exit code 0: it said nothing"),
    ],
)
def test_a_failure_has_its_reason(here: Any, tmp_path: Path, program: str, reason: str) -> None:
    """What a contender complained of is what is told."""
    with pytest.raises(Failed, match=reason):
        run.run(here, SCENARIO, contender(tmp_path, program))


def test_one_that_hangs_is_ended_with_all_it_started(here: Any, tmp_path: Path) -> None:
    """At its time limit it is stopped, and with it a child that had left for a session of its own."""
    started = tmp_path / "child"
    hanging = f"""
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
open({str(started)!r}, "w").write(str(child.pid))
signal.pause()
"""
    with pytest.raises(Failed, match="not done after 2 s"):
        run.run(here, Scenario("a round", "throughput", 10, 5, limit_s=2), contender(tmp_path, hanging))
    eventually(lambda: not Path(f"/proc/{int(started.read_text())}").exists())


def test_nothing_outlives_a_harness_that_is_killed(tmp_path: Path) -> None:
    """The launcher ends when its parent does, and takes the contender along."""
    told = tmp_path / "pid"
    inner = f"import os, signal; open({str(told)!r}, 'w').write(str(os.getpid())); signal.pause()"
    command = [sys.executable, str(LAUNCH), sys.executable, "-c", inner]
    outer = f"import signal, subprocess; subprocess.Popen({command!r}); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", outer]) as harness:
        eventually(lambda: told.exists() and told.read_text() != "")
        harness.kill()
    eventually(lambda: not Path(f"/proc/{int(told.read_text())}").exists())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_harness_that_is_told_to_end_ends_in_order(number: int, code: int) -> None:
    """What its blocks would end is ended, and there is no traceback."""
    program = """
import signal
from contextlib import ExitStack
from benchmarks.contest.ending import in_order
with in_order(), ExitStack() as stack:
    stack.callback(print, "ended", flush=True)
    print("ready", flush=True)
    signal.pause()
"""
    environ = {**os.environ, "PYTHONPATH": str(LAUNCH.parents[2])}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=pipe, text=True, env=environ) as harness:
        assert harness.stdout is not None
        assert harness.stdout.readline() == "ready\n"
        harness.send_signal(number)
        said, complained = harness.communicate(timeout=60)
    assert (said, harness.returncode) == ("ended\n", code)
    assert "Traceback" not in complained


def test_an_interrupted_contest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that were made are known again if the same is asked, those that failed are made again."""
    monkeypatch.setattr(outcome, "RESULTS", tmp_path)
    journal = Journal("contest", {"jobs": 1})
    done = Outcome("a round", "one", 0, {"calls/s": 5.0})
    journal.add(done)
    journal.add(Outcome("a round", "two", 0, reason="it hung"))
    again = Journal("contest", {"jobs": 1})
    assert again.has(done.key)
    assert not again.has(("a round", "two", 0))
    assert not Journal("contest", {"jobs": 2}).has(done.key)


def test_a_table_orders_compares_and_tells_failures() -> None:
    """The best comes first, behind it those that lost calls; spreads are shown, and the one that failed says why."""
    runs = [
        Outcome("r", "slow", 0, {"calls/s": 50.0, "lost": 1}),
        Outcome("r", "ours", 0, {"calls/s": 100.0, "lost": 0}),
        Outcome("r", "ours", 1, {"calls/s": 300.0, "lost": 0}),
        Outcome("r", "none", 0, reason="it hung"),
        Outcome("r", "hasty", 0, {"calls/s": 900.0, "lost": 9}),
    ]
    lines = report.table(COLUMNS, runs).splitlines()[2:]
    assert lines[0] == "| ours | 200 (100 to 300) | 1.00 | 0 | 2 of 2 |"
    assert [line.split(" | ")[0] for line in lines[1:3]] == ["| hasty", "| slow"]
    assert lines[2] == "| slow | 50 | 0.25 | 1 | 1 of 1 |"
    assert lines[3].startswith("| none | failed: it hung |")
