"""Runs one contender once: starts it, times it, looks at what it uses, and ends all of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from benchmarks.contenders.task import Task
from benchmarks.contest.entries import Contender
from benchmarks.contest.environments import NotInstalled, python
from benchmarks.contest.scenario import Scenario
from benchmarks.contest.services import Services
from benchmarks.contest.usage import Usage

CONTENDERS = Path(__file__).parents[1] / "contenders"
LAUNCH = Path(__file__).with_name("launch.py")
END_LIMIT_S = 20.0
REASON_CHARACTERS = 240


class Failed(Exception):
    """The run has no figures; the message is the reason."""


def run(here: Services, scenario: Scenario, contender: Contender) -> dict[str, float]:
    """Return the figures of one run.

    Raises:
        Failed: it cannot be installed, ended with an error, did not answer all, or took longer than its limit.
    """
    try:
        interpreter = python(contender.environment)
    except NotInstalled as exc:
        raise Failed(str(exc)) from None
    database = here.reset(scenario.latency_ms, scenario.rps, scenario.concurrency)
    with tempfile.TemporaryDirectory(prefix="mmq-run-", dir="/tmp") as folder:
        task = scenario.task(contender, here.provider_url, here.redis_url, database, folder)
        said, usage = _play(interpreter, contender, task, here, scenario.limit_s)
    counts = here.ask("stats")
    return figures(scenario, said, counts, usage)


def figures(scenario: Scenario, said: dict[str, Any], counts: dict[str, Any], usage: Usage) -> dict[str, float]:
    """Put together what the contender said, what the provider counted and what was used."""
    if scenario.contest == "priority":
        moments = {name: counts["urgent"][name] for name in said["urgent"]}
        starts = [1000 * (moments[name][0] - at) for name, at in said["urgent"].items()]
        ends = [1000 * (moments[name][1] - at) for name, at in said["urgent"].items()]
        middle = len(starts) // 2
        return {
            "until the call, median ms": sorted(starts)[middle],
            "until the call, longest ms": max(starts),
            "until the answer, median ms": sorted(ends)[middle],
        }
    begin, end = said.get("begun", counts["first"]), said["done"]
    jobs = scenario.jobs
    found = {
        "seconds": end - begin,
        "calls/s": counts["answered"] / (end - begin),
        "CPU ms a job": 1000 * usage.cpu_s("contender", begin, end) / jobs,
        "CPU ms a job, Redis": 1000 * usage.cpu_s("redis", begin, end) / jobs,
        "CPU ms a job, PostgreSQL": 1000 * usage.cpu_s("postgresql", begin, end) / jobs,
        "peak MB": usage.peak_bytes("contender") / 1e6,
        "most in flight": counts["max_in_flight"],
        "lost": said["lost"],
    }
    if scenario.contest == "limit":
        refused = sum(counts["refused"].values())
        return {**found, "refusals": refused, "calls": counts["calls"]}
    return {**found, "enqueued/s": jobs / said["enqueued"]} if "enqueued" in said else found


def _play(
    interpreter: str, contender: Contender, task: Task, here: Services, limit_s: float
) -> tuple[dict[str, Any], Usage]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MMQ_", "MINIMAX_", "PYTHON"))}
    environ |= {**dict(contender.environ), "BENCH_TASK": json.dumps(asdict(task)), "HOME": task.folder}
    log = Path(task.folder, "stderr.txt")
    command = [sys.executable, str(LAUNCH), interpreter, str(CONTENDERS / contender.file)]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            env=environ,
            cwd=task.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            text=True,
        )
        said: dict[str, Any] = {}
        hearer = threading.Thread(target=_hear, args=(process.stdout, said), daemon=True)
        hearer.start()
        usage = Usage(contender=process.pid, **here.pids)
        try:
            with usage:
                code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise Failed(f"not done after {limit_s:.0f} s ({here.ask('stats')['answered']} answered)") from None
        finally:
            _end(process)
            hearer.join(END_LIMIT_S)
            if process.stdout:
                process.stdout.close()
    if code or "done" not in said:
        raise Failed(f"exit code {code}: {_complaint(log)}")
    return said, usage


def _hear(lines: IO[str] | None, said: dict[str, Any]) -> None:
    for line in lines or ():
        if line.startswith("{"):
            facts = json.loads(line)
            urgent = facts.pop("urgent", {})
            said |= facts
            said.setdefault("urgent", {}).update(urgent)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _complaint(log: Path) -> str:
    """Return what it complained of: the last line that names an error, or the last one that there is."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Exit)\b", line)]
    return (named or lines or ["it said nothing"])[-1][:REASON_CHARACTERS].replace("|", "/")
