"""What was counted in a chaos run, and which rules were broken by which jobs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from models.state import Outcome
from support.chaos_calls import Story, call_log, stories
from support.chaos_prompts import Prompt
from support.chaos_rules import OPEN, RULES

SHOWN = 5  # jobs that broke a rule, told in full


@dataclass(slots=True)
class Report:
    """The counts. `broken` says which rule was broken by which job, `told` what is needed to understand it.

    `ways` is how many rows of the sandbox's table the prompts asked for, `answered_twice` how many jobs MiniMax did
    more than once. `lost` are calls whose worker was killed or frozen; they cannot be more than `bound`: what all
    victims together could have under way.
    """

    seed: int
    jobs: int
    seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    ways: int = 0
    calls: int = 0
    calls_after_the_end: int = 0
    answered_twice: int = 0
    lost: int = 0
    bound: int = 0
    broken: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "told"}

    def __str__(self) -> str:
        return "\n".join([json.dumps(self.as_dict(), indent=2), *self.told])

    def judge(
        self, database: Engine, sandbox_url: str, asked: Sequence[Prompt], logged: Callable[[str], list[str]]
    ) -> None:
        """Compare SQL with the sandbox's log, job by job. `logged` finds a job's lines in the workers' logs."""
        log = call_log(sandbox_url)
        known = stories(database, log, {prompt.name: prompt.reckon()[0] for prompt in asked})
        self.calls = len(log)
        self.ways = len({prompt.way for prompt in asked if prompt.way})
        if missing := [prompt.name for prompt in asked if prompt.name not in known]:
            self.broken.append(f"never accepted: {missing}")
        if len(known) != len(asked):
            self.broken.append(f"{len(known)} jobs are of {len(asked)}")
        for prompt in asked:
            if story := known.get(prompt.name):
                self._count(story)
                self._hold_against(prompt, story, logged)
        if self.lost > self.bound:
            self.broken.append(f"{self.lost} calls were lost, only {self.bound} can have been under way at the kills")

    def _count(self, story: Story) -> None:
        self.states[str(story.job.state)] += 1
        self.outcomes.update(str(row.outcome) for row in story.attempts)
        self.lost += sum(row.outcome in OPEN - {Outcome.ABANDONED} for row in story.attempts)
        self.answered_twice += sum(bool(call["answered"]) for call in story.calls) > 1
        if story.job.finished_at is not None:
            self.calls_after_the_end += sum(call["started"] > story.job.finished_at.timestamp() for call in story.calls)

    def _hold_against(self, prompt: Prompt, story: Story, logged: Callable[[str], list[str]]) -> None:
        broken = [f"{prompt.name} {rule.__name__}: {wrong}" for rule in RULES for wrong in rule(prompt, story)]
        self.broken += broken
        if broken and len(self.told) < SHOWN:
            self.told.append("\n".join([*broken, story.told(), *logged(story.job.id)]))
