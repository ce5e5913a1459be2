"""What one run of one contender came to, and the file that keeps it until the whole contest is through."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figure import RESULTS


@dataclass(frozen=True, slots=True)
class Outcome:
    """`figures` are named with their unit; empty where it failed, for the `reason`."""

    scenario: str
    contender: str
    repetition: int
    figures: dict[str, float] = field(default_factory=dict)
    reason: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is a run of."""
        return self.scenario, self.contender, self.repetition


class Journal:
    """The runs so far of a contest. A harness that was ended goes on where the last one stopped, if asked the same."""

    def __init__(self, contest: str, asked: dict[str, Any]) -> None:
        self._path = RESULTS / f"{contest}.runs.jsonl"
        self._asked = json.dumps(asked, sort_keys=True)
        self.outcomes: list[Outcome] = []
        RESULTS.mkdir(exist_ok=True)
        lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        if lines and lines[0] == self._asked:
            known = [Outcome(**json.loads(line)) for line in lines[1:] if line.endswith("}")]
            self.outcomes = [outcome for outcome in known if not outcome.reason]
        self._path.write_text("".join(f"{line}\n" for line in (self._asked, *map(_line, self.outcomes))), "utf-8")

    def has(self, key: tuple[str, str, int]) -> bool:
        """Whether this run is known, and did not fail."""
        return any(outcome.key == key for outcome in self.outcomes)

    def add(self, outcome: Outcome) -> None:
        """Keep a run."""
        self.outcomes.append(outcome)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{_line(outcome)}\n")

    def close(self) -> None:
        """The contest is through: the next one begins anew."""
        self._path.unlink(missing_ok=True)


def _line(outcome: Outcome) -> str:
    return json.dumps(asdict(outcome), ensure_ascii=False)


def results(contest: str, suffix: str) -> Path:
    """Return where a contest's results of a kind are."""
    return RESULTS / f"{contest}{suffix}"
