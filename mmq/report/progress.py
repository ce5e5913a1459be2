"""How far a batch has come, as values and as one line of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmq.report.words import counted, duration


@dataclass(frozen=True, slots=True)
class Hold:
    """What holds calls back at one budget; `gate_s` 0: it is open, and `calls` take their turn."""

    model: str
    calls: int
    gate_s: float
    refused: str | None  #: the limit that MiniMax refused by last, in words

    def __str__(self) -> str:
        if self.gate_s:
            limit = f" ({self.refused})" if self.refused else ""
            return f"MiniMax refused by a limit{limit}: next call in {duration(self.gate_s)}"
        limit = f" under {self.refused}" if self.refused else ""
        return f"{counted(self.calls, 'call')} waiting for a turn{limit}"


@dataclass(frozen=True, slots=True)
class Pause:
    """A lane or an account that gets no work. `code` None: a person paused it."""

    kind: str
    name: str
    code: str | None
    reason: str | None
    remedy: str | None

    def __str__(self) -> str:
        why = f" by MiniMax's {self.code}: {self.reason}" if self.code else ", by a person"
        return f"{self.kind} {self.name} is paused{why}"

    @property
    def mend(self) -> str:
        """What to do about it."""
        return self.remedy or f"mmq resume {self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a batch. `left_s` None: nothing moves, so nobody knows."""

    done: int = 0
    failed: int = 0
    withdrawn: int = 0  #: cancelled or expired
    in_flight: int = 0  #: calls that are out
    waiting: int = 0  #: everything else that is not finished
    elapsed_s: float = 0.0
    per_minute: float = 0.0
    left_s: float | None = None
    holds: Sequence[Hold] = ()
    pauses: Sequence[Pause] = ()
    note: str = ""  #: what the run is doing just now, if not the usual

    @property
    def ended(self) -> int:
        """Jobs in a final state."""
        return self.done + self.failed + self.withdrawn

    @property
    def total(self) -> int:
        """All jobs."""
        return self.ended + self.in_flight + self.waiting

    def facts(self) -> list[tuple[str, str]]:
        """Return the figures as (word, number), those that are nought left out where that says nothing."""
        figures = [("done", f"{self.done:,}"), ("failed", f"{self.failed:,}")]
        if self.withdrawn:
            figures.append(("withdrawn", f"{self.withdrawn:,}"))
        figures += [("in flight", f"{self.in_flight:,}"), ("waiting", f"{self.waiting:,}")]
        if self.per_minute >= 0.5:
            figures.append(("a minute", f"{self.per_minute:,.0f}"))
        return figures

    def remarks(self) -> list[str]:
        """Return what else there is to know, most important first."""
        said = [f"{pause}; {pause.mend}" for pause in self.pauses]
        said += [self.note] if self.note else []
        return said + [str(hold) for hold in self.holds]


def line(progress: Progress) -> str:
    """Return one line without any control characters, for logs and pipes."""
    if not progress.total and progress.note:
        return progress.note
    figures = ", ".join(f"{number} {word}" for word, number in progress.facts())
    left = f", about {duration(progress.left_s)} left" if progress.left_s else ""
    remarks = "".join(f"; {remark}" for remark in progress.remarks())
    return f"{progress.ended:,} of {progress.total:,}: {figures}{left}{remarks}"
