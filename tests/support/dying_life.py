"""One job's life in which somebody dies at a given step, and what became of the job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from mmq.sandbox.contract.digest import expected_digest
from models.job import Job
from models.session import reading
from support.dying_steps import Step, Who
from support.patience import within
from support.workers import Place
from tasks.contract import GENERATE
from tasks.producer import producer

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 200.0  # generous: Celery looks after unacknowledged messages every 100 s, and lives share the machine
KEY = "the-only-one"
LOG_CHARACTERS = 6000  # of the processes' common log, shown where something went wrong


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the job. `went_on_s` is from the death to its answer's commit; 0 if it had been committed."""

    step: Step
    database: str
    exit_code: int
    jobs: int
    state: str
    calls: int
    outcomes: tuple[str, ...]
    right: bool
    went_on_s: float
    evidence: str

    @property
    def as_it_must_be(self) -> bool:
        """Whether one died where it should, and its job had one answer after no more calls than needed."""
        died = self.exit_code == -signal.SIGKILL
        answered = (self.jobs, self.state, self.right) == (1, "succeeded", True)
        return died and answered and (self.calls, self.outcomes) == (self.step.calls, self.step.outcomes)

    def __str__(self) -> str:
        found = f"exit code {self.exit_code}, {self.jobs} jobs, {self.state}, {self.calls} calls, {self.outcomes}"
        return f"{self.step.name} on {self.database}: {found}, right: {self.right}\n{self.evidence}"


class Life:
    """A place of its own in which one job is submitted, somebody dies, and another goes on."""

    def __init__(self, step: Step, place: Place, prompt: str) -> None:
        self.step, self.place = step, place
        self.processes: list[subprocess.Popen[bytes]] = []
        self.prompt = f"{prompt} [[mmq:slow_headers]]" if step.name == "sent" else prompt
        self.digest = expected_digest([{"role": "user", "content": self.prompt}])

    def live(self) -> Fate:
        """Run it to its end. The successor is started at the death, as a supervisor would."""
        try:
            if self.step.who is Who.PRODUCER:
                self._worker()
                within(LIMIT_S, self.place.alive, self._log)
                victim = self._process(self.step.name, self.prompt, KEY)
                died_at = self._death(victim)
                again = self._process("", self.prompt, KEY)
                within(LIMIT_S, lambda: again.poll() == 0, self._log)
            else:
                victim = self._process(self.step.name, "worker")
                self._ask()
                died_at = self._death(victim)
                self._worker()
            within(LIMIT_S, self._ended, self._log)
            return self._fate(victim, died_at)
        finally:
            for process in self.processes:
                process.kill()
                process.wait()

    def _death(self, victim: subprocess.Popen[bytes]) -> float:
        if self.step.name == "sent":
            within(LIMIT_S, lambda: self._calls() == 1, self._log)
            victim.kill()
        within(LIMIT_S, lambda: victim.poll() is not None, self._log)
        return time.time()

    def _ask(self) -> None:
        with self.place.queue() as queue:
            if self.step.who is Who.RECEIVER:
                app = producer(queue.settings.broker_url)
                app.send_task(GENERATE, kwargs={"prompt": self.prompt}, task_id=KEY, queue="default")
                app.close()
            else:
                queue.submit(self.prompt, idempotency_key=KEY)

    def _worker(self) -> subprocess.Popen[bytes]:
        return self._start("-m", "mmq.cli.main", "worker")

    def _process(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self._start("-m", "support.dying_process", *arguments)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MMQ_", "MINIMAX_"))}
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        with (self.place.home / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env={**kept, **self.place.environ, "PYTHONPATH": path},
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def _calls(self) -> int:
        return int(self.place.sandbox.prompts().get(self.digest, {"asked": 0})["asked"])

    def _jobs(self) -> list[str]:
        with reading(self.place.database) as connection:
            return list(connection.scalars(select(Job.id)))

    def _ended(self) -> bool:
        jobs = self._jobs()
        return bool(jobs) and all(self.place.job(job).finished_at is not None for job in jobs)

    def _fate(self, victim: subprocess.Popen[bytes], died_at: float) -> Fate:
        (job_id, *more) = self._jobs()
        job, attempts = self.place.job(job_id), self.place.attempts(job_id)
        answers = [row.answer for row in attempts if row.outcome == "succeeded"]
        return Fate(
            step=self.step,
            database=self.place.database.dialect.name,
            exit_code=victim.returncode,
            jobs=1 + len(more),
            state=job.state,
            calls=self._calls(),
            outcomes=tuple(str(row.outcome) for row in attempts),
            right=len(answers) == 1 and f"sandbox:{self.digest}" in answers[0],
            went_on_s=max(0.0, job.finished_at.timestamp() - died_at),
            evidence=f"{job}\n{attempts}\n{self._log()}",
        )

    def _log(self) -> str:
        return (self.place.home / "log").read_text(errors="replace")[-LOG_CHARACTERS:]
