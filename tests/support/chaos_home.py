"""`mmq run` on SQLite, killed again and again, as a whole or in parts, and started again until it is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

from models.session import open_database
from support.chaos_cluster import sandbox_process
from support.chaos_prompts import Prompt, prompts
from support.chaos_report import Report
from support.command_line import CommandLine

CALLS = 4
LATENCY_MS = 1000
LIVES_S = (0.3, 5.0)  # of a run until something of it is killed: from before its migration to its full speed
VICTIMS = ("everything", "run", "worker", "redis")
MOST_RUNS = 60  # generous: one for each kill, and for each trouble of the account
END_S = 300.0  # of 200 prompts, four at a time of a second each, with the account paused now and then
DONE = (0, 3)  # exit codes: all answered, or some failed for good


def run_until_done(folder: Path, *, seed: int, jobs: int, kills: int) -> Report:
    """Answer a file of `jobs` by one command, given again after each of `kills` kills; return what was counted."""
    report, asked, began = Report(seed, jobs, bound=CALLS * kills), prompts(jobs), time.monotonic()
    with sandbox_process(folder, "--latency-ms", str(LATENCY_MS), "--seed", str(seed)) as sandbox_url:
        mmq = CommandLine(folder, sandbox_url, MMQ_CONCURRENCY=str(CALLS), MMQ_RPM="100000", MMQ_IDLE_TIMEOUT="5")
        mmq.environ["MMQ_FIRST_BYTE_TIMEOUT"] = "10"
        source = mmq.write("in.jsonl", *(json.dumps({**prompt.request, "custom_id": prompt.name}) for prompt in asked))
        try:
            _persist(mmq, source, report, Random(seed), kills)
        finally:
            _kill([pid for pid, _role in members(mmq.home)])
            mmq.close()
        report.broken += list(_wrong_files(mmq, asked))
        database = open_database(f"sqlite:///{mmq.home / 'mmq.sqlite3'}")
        report.judge(database, sandbox_url, asked, lambda job_id: _logged(mmq.home, job_id))
        database.dispose()
    report.seconds = round(time.monotonic() - began, 1)
    return report


def members(home: Path) -> Iterator[tuple[int, str]]:
    """Yield the processes that belong to a home, each with what it is, by their environment and command."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().split(b"\0")
            if f"MMQ_HOME={home}\0".encode() in (folder / "environ").read_bytes():
                yield int(folder.name), _role(command)


def _role(command: list[bytes]) -> str:
    if b"redis" in command[0]:
        return "redis"
    python = b"python" in command[0]
    return next((role for role in ("worker", "run") if python and role.encode() in command), "watcher")


def _persist(mmq: CommandLine, source: str, report: Report, chance: Random, kills: int) -> None:
    """Give the command until it says that all is done."""
    for _ in range(MOST_RUNS):
        process = mmq.start("run", source, "-o", "out.jsonl", "-q")
        if report.deeds.total() < kills:
            victim = chance.choice(VICTIMS)
            _ends_within(process, chance.uniform(*LIVES_S))
            there = list(members(mmq.home))
            if victim not in {role for _pid, role in there}:  # not started yet
                victim = "everything"
            if process.poll() is None:
                _kill([pid for pid, role in there if victim in ("everything", role)])
                report.deeds[f"kill -9 {victim}"] += 1
        _, stderr = process.communicate(timeout=END_S)
        if process.returncode in DONE:
            return
    report.broken.append(f"not done after {MOST_RUNS} runs: {stderr}")


def _ends_within(process: subprocess.Popen[str], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _wrong_files(mmq: CommandLine, asked: list[Prompt]) -> Iterator[str]:
    """Yield what is wrong with the results and errors files: each line stands in one of them, in the input's order."""
    answers, errors = mmq.read("out.jsonl"), mmq.read("out.errors.jsonl")
    order = {prompt.name: prompt.number for prompt in asked}
    for name, lines in (("out.jsonl", answers), ("out.errors.jsonl", errors)):
        numbers = [order[line["custom_id"]] for line in lines]
        if numbers != sorted(set(numbers)):
            yield f"{name} is out of order or repeats: {numbers}"
    if len(answers) + len(errors) != len(asked):
        yield f"{len(answers)} answers and {len(errors)} errors of {len(asked)}"


def _logged(home: Path, job_id: str) -> list[str]:
    lines = [
        line for path in sorted((home / "logs").glob("*")) for line in path.read_text(errors="replace").split("\n")
    ]
    return [line for line in lines if job_id in line]
