"""What the provider says and what SQL says about each job, side by side."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import Engine, select

from models.attempt import Attempt
from models.job import Job
from models.session import reading
from models.table import Row


@dataclass(frozen=True, slots=True)
class Story:
    """One job: its row, its attempts by number, the sandbox's log of the calls for its prompt in their order."""

    job: Row
    attempts: Sequence[Row]
    calls: Sequence[Mapping[str, Any]] = field(default=())

    def told(self) -> str:
        """Return all of it, for a person who wonders."""
        job = {name: str(value) for name, value in self.job._mapping.items() if name != "request"}
        attempts = [
            {name: str(value)[:200] for name, value in row._mapping.items() if value is not None}
            for row in self.attempts
        ]
        lines = [
            f"job {job}",
            *(f"  attempt {row}" for row in attempts),
            *(f"  call {dict(row)}" for row in self.calls),
        ]
        return "\n".join(lines)


def call_log(base_url: str) -> list[dict[str, Any]]:
    """Return the sandbox's log of chat calls."""
    root = base_url.removesuffix("/v1")
    text = httpx.get(f"{root}/_sandbox/log", timeout=60, trust_env=False).text
    return [row for line in text.splitlines() if (row := json.loads(line))["api"] is not None]


def stories(database: Engine, log: Sequence[Mapping[str, Any]], digests: Mapping[str, str]) -> dict[str, Story]:
    """Return the stories by custom_id. `digests` gives each custom_id's prompt as the sandbox knows it."""
    with reading(database) as connection:
        jobs = connection.execute(select(Job.__table__)).all()
        attempts = defaultdict(list)
        for row in connection.execute(select(Attempt.__table__).order_by(Attempt.job_id, Attempt.number)):
            attempts[row.job_id].append(row)
    calls = defaultdict(list)
    for call in sorted(log, key=lambda call: float(call["started"])):
        calls[call["digest"]].append(call)
    return {job.custom_id: Story(job, attempts[job.id], calls[digests[job.custom_id]]) for job in jobs}
